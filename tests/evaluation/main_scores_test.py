"""The numbers that are told first."""

from tf_mmdgan.evaluation import main_scores

KID = {
    "kid": -0.01234,
    "kid_confidence_low": -0.5,
    "kid_confidence_high": 0.475,
}


def test_numbers_come_in_the_order_of_the_table_with_their_interval():
    told = main_scores.in_words(
        {"prdc": {"recall": 0.25}, "fid": {"fid": None}, "kid_exact": KID}
    )
    assert told == (
        "KID, exact -0.0123 (95 %: -0.5 to 0.475), FID not defined, recall 0.25"
    )


def test_other_numbers_are_not_told():
    assert main_scores.in_words({"parzen": {"log_likelihood": 1.0}}) == ""


def test_metrics_of_the_table_are_named_once():
    assert main_scores.MAIN_METRICS == (
        "kid_exact", "fid", "prdc", "inception_score",
    )  # fmt: skip
