import numpy as np
import pytest

from pipeline import plate_formats as formats
from pipeline.consensus import _KINDS, _best, calibrated, vote
from pipeline.plate_formats import PlateFormat
from pipeline.plate_slots import ALPHABET, CLASSES, SLOTS, encode
from pipeline.plate_weights import Calibration

PLAIN = Calibration(floor=0.01, together=0.7, slope=1.0, offset=0.0, threshold=0.95)
OLD, NEW = formats.MOTORCYCLE_OLD, formats.MOTORCYCLE_2026


def read(kind: PlateFormat, text: str, sure: float = 0.8, **doubts: tuple[str, float]) -> np.ndarray:
    """A read that is so sure of each character; `doubts` name slots in which it sees another one, and how surely."""
    slots = np.full((SLOTS, CLASSES), (1 - sure) / (CLASSES - 1))
    slots[np.arange(SLOTS), encode(kind, text)] = sure
    for slot, (character, how) in doubts.items():
        row = slots[int(slot.removeprefix("slot"))]
        row[:] = (1 - how) / (CLASSES - 1)
        row[ALPHABET.index(character) + 1] = how
    return slots


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (OLD, "서울강남가1234"),
        (OLD, "부산중허0001"),
        (NEW, "1가23456"),
        (formats.CAR_7, "12가3456"),
        (formats.CAR_8, "123하4568"),
        (formats.CAR_BUSINESS, "경기31바7070"),
        (formats.CAR_GREEN_REGIONAL, "경기58더8365"),
    ],
)
def test_one_clear_read_is_its_text(kind: PlateFormat, text: str) -> None:
    agreed = vote([read(kind, text)], [0.8], PLAIN)
    assert agreed is not None
    assert agreed.text == text
    assert agreed.kind.grammar is kind.grammar
    assert "".join(one for one, _ in agreed.characters) == text


def test_no_reads_no_text() -> None:
    assert vote([], [], PLAIN) is None
    assert vote([read(NEW, "1가23456")], [0.0], PLAIN) is None


def test_reads_that_are_each_wrong_somewhere_are_right_together() -> None:
    reads = [
        read(NEW, "1가23456", slot10=("8", 0.9)),
        read(NEW, "1가23456", slot13=("5", 0.9)),
        read(NEW, "1가23456", slot8=("거", 0.9)),
    ]
    singles = [vote([one], [1.0], PLAIN) for one in reads]
    assert all(one and one.text != "1가23456" for one in singles)
    together = vote(reads, [1.0] * 3, PLAIN)
    assert together is not None
    assert together.text == "1가23456"


def test_a_confident_read_outvotes_two_that_guess() -> None:
    sure, guess = read(NEW, "1가23456", 0.95), read(NEW, "1가28456", 0.5)
    agreed = vote([sure, guess, guess], [0.95, 0.2, 0.2], PLAIN)
    assert agreed is not None
    assert agreed.text == "1가23456"


def test_one_sure_but_wrong_read_does_not_outvote_many() -> None:
    right, wrong = read(NEW, "1가23456", 0.6), read(NEW, "7나99999", 0.9999)
    agreed = vote([right] * 6 + [wrong], [0.6] * 6 + [1.0], PLAIN)
    assert agreed is not None
    assert agreed.text == "1가23456"


def test_the_grammar_says_what_may_stand_where() -> None:
    """No type of a new motorcycle is zero, and taxis' syllables are on no motorcycle."""
    doubtful = read(NEW, "1가23456", slot7=("0", 0.6), slot8=("바", 0.6))
    doubtful[7, ALPHABET.index("8") + 1] = 0.3
    doubtful[8, ALPHABET.index("마") + 1] = 0.3
    agreed = vote([doubtful], [0.8], PLAIN)
    assert agreed is not None
    assert agreed.text == "8마23456"


def test_a_car_s_type_is_never_all_zeros() -> None:
    doubtful = read(formats.CAR_7, "12가3456", slot6=("0", 0.9), slot7=("0", 0.6))
    doubtful[7, ALPHABET.index("6") + 1] = 0.3
    agreed = vote([doubtful], [0.8], PLAIN)
    assert agreed is not None
    assert agreed.text == "06가3456"


@pytest.mark.parametrize(("zero", "six", "other_zero"), [(0.6, 0.39, 0.99), (0.3, 0.25, 0.9)])
def test_of_a_car_s_type_that_looks_like_zeros_the_digit_that_may_be_another_is(
    zero: float, six: float, other_zero: float
) -> None:
    doubtful = read(formats.CAR_7, "60가3456", 0.99, slot6=("0", zero), slot7=("0", other_zero))
    doubtful[6, ALPHABET.index("6") + 1] = six
    doubtful[7, ALPHABET.index("5") + 1] = 0.9 * (1 - other_zero)
    agreed = vote([doubtful], [1.0], PLAIN)
    assert agreed is not None
    assert agreed.text == "60가3456"
    assert agreed.probability < PLAIN.threshold


def test_a_district_in_no_list_needs_several_reads() -> None:
    unknown = "강원명주가1234"  # a county until 1995
    one = vote([read(OLD, unknown, 0.97)], [1.0], PLAIN)
    many = vote([read(OLD, unknown, 0.97)] * 8, [1.0] * 8, PLAIN)
    assert many is not None
    assert many.text == unknown
    assert one is not None
    assert one.probability < many.probability
    assert all(share > 0.9 for _, share in many.characters)


def test_the_characters_of_a_name_share_the_vote_as_well() -> None:
    torn = vote([read(OLD, "서울강남가1234"), read(OLD, "서울강서가1234")], [0.8, 0.8], PLAIN)
    assert torn is not None
    shares = [share for _, share in torn.characters]
    assert 0.3 < shares[3] < 0.5 < min(shares[:3])


def test_more_reads_that_agree_make_surer_and_doubt_makes_less_sure() -> None:
    votes = [vote([read(NEW, "1가23456", 0.6)] * count, [0.6] * count, PLAIN) for count in (1, 3, 9)]
    sure = [one.probability for one in votes if one]
    assert sure == sorted(sure)
    assert sure[0] < sure[2]
    torn = vote([read(NEW, "1가23456"), read(NEW, "1가23466")], [0.8, 0.8], PLAIN)
    assert torn is not None
    assert torn.probability < 0.6
    assert 0.4 < dict(enumerate(share for _, share in torn.characters))[5] < 0.6


def test_reads_that_agree_count_less_together_than_each_alone() -> None:
    """What blurs one frame blurs the others."""
    alone = PLAIN.model_copy(update={"together": 1.0})

    def probability(reads: int, calibration: Calibration, weight: float = 1.0) -> float:
        agreed = vote([read(NEW, "1가23456", 0.5)] * reads, [weight] * reads, calibration)
        assert agreed is not None
        return agreed.probability

    assert probability(1, PLAIN) == probability(1, alone)
    assert probability(1, PLAIN, weight=1.001) == pytest.approx(probability(1, PLAIN), abs=0.01)
    assert probability(1, PLAIN) < probability(3, PLAIN) < probability(3, alone)


def test_a_read_that_says_nothing_favours_no_format() -> None:
    nothing = np.full((SLOTS, CLASSES), -np.log(CLASSES))
    totals = [_best(nothing, kind).total for kind in _KINDS]
    assert totals == pytest.approx([-SLOTS * np.log(CLASSES)] * len(_KINDS), abs=1e-9)


def test_calibration_moves_the_probability_and_nothing_else() -> None:
    modest = PLAIN.model_copy(update={"slope": 0.5, "offset": -1.0})
    assert calibrated(0.5, PLAIN) == pytest.approx(0.5)
    assert calibrated(0.5, modest) == pytest.approx(1 / (1 + np.e))
    assert calibrated(0.99, modest) < 0.99
    reads, weights = [read(NEW, "1가23456")], [1.0]
    plain, changed = vote(reads, weights, PLAIN), vote(reads, weights, modest)
    assert plain is not None
    assert changed is not None
    assert (plain.text, plain.characters) == (changed.text, changed.characters)
    assert changed.probability < plain.probability
