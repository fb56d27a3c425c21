"""What a rule file may say and what it means."""
