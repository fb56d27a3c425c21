"""What an exchange's answer to a request means: which codes are certain, and that every other one is not."""

from enum import StrEnum

# The code of a refusal that is our own: the request never left.
NOT_SENT = -1


class Answer(StrEnum):
    """What is known of a request after its answer.

    EXISTS speaks of the order, not of the request: it was there before, or has ended, and has to be looked up. UNKNOWN
    has to be looked up too, because the request may have been carried out.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    TRANSIENT = "transient"
    EXISTS = "exists"
    AUTHENTICATION = "authentication"
    UNKNOWN = "unknown"


# Zero, and the codes for "not modified": it is already as asked.
_ACCEPTED = frozenset({0, 110025, 110026, 110043, 34040})
_EXISTS = frozenset({10014, 20006, 110072, 170141, 110001, 170213, 110008, 110010, 131214, 180025})
# A clock that is off, the rate limit, an address that is banned for minutes, too many orders at once.
_TRANSIENT = frozenset({10002, 10006, 403, 110009, 110020, 170222, 170810})
_AUTHENTICATION = frozenset({401, 10003, 10004, 10007, 10008, 10009, 10010, 33004})
_ABOUT_THE_REQUEST = {404, 10001, 10017, 10028, 10032, 110074, 181001, *range(181008, 181018)}
_ABOUT_PERMISSION = {10005, 10024, 10027, 10029}
_ABOUT_MONEY = {110004, 110007, 110012, 110044, 110045, 170131, 131212}
_ABOUT_THE_ORDER = {
    *{110003, 110017, 110021, 110024, 110028, 110092, 110093, 110094, 110108, 110109},
    *{170124, 170130, 170132, 170133, 170134, 170136, 170137, 170140, 170148, 170193, 170194, 170217, 170218},
    *{131207, 131211, 131215},
}
_ABOUT_EARN = {180001, 180002, 180003, 180007, 180008, *range(180012, 180017), 180019, 180020}
_REFUSED = frozenset(_ABOUT_THE_REQUEST | _ABOUT_PERMISSION | _ABOUT_MONEY | _ABOUT_THE_ORDER | _ABOUT_EARN)

_MEANING = {
    Answer.ACCEPTED: _ACCEPTED,
    Answer.EXISTS: _EXISTS,
    Answer.TRANSIENT: _TRANSIENT,
    Answer.AUTHENTICATION: _AUTHENTICATION,
    Answer.REFUSED: _REFUSED,
}
_BY_CODE = {code: answer for answer, codes in _MEANING.items() for code in codes}


def classify(code: int) -> Answer:
    """Say what a `retCode` or HTTP status means; a code that is in no list is UNKNOWN, for it may hide an order."""
    return _BY_CODE.get(code, Answer.UNKNOWN)
