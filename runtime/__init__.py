"""What happens on each event, from facts to approved orders."""
