"""When a channel runs."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossdock.jobs.schedules import Daily, Flexible, Hourly, Minutely, in_words, next_run, problem_with

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_the_first_rule_to_fire_decides():
    rules = [Minutely(every=15), Daily(hour=12, minute=5)]

    assert next_run(rules, NOON, "UTC") == datetime(2026, 3, 10, 12, 5, tzinfo=UTC)


def test_hours_are_those_of_the_accounts_clock():
    assert next_run([Daily(hour=2)], NOON, "America/New_York") == datetime(2026, 3, 11, 6, 0, tzinfo=UTC)


def test_a_time_that_summer_time_skips_still_fires_that_day():
    before = datetime(2026, 3, 8, 5, 0, tzinfo=UTC)

    fired = next_run([Daily(hour=2, minute=30)], before, "America/New_York")

    assert fired is not None
    assert fired.date() == datetime(2026, 3, 8, tzinfo=UTC).date()


def test_weekdays_and_hours_bound_a_flexible_rule():
    friday_evening = datetime(2026, 3, 13, 17, 59, tzinfo=UTC)

    fired = next_run([Flexible(every=30, weekdays=(0, 1, 2, 3, 4), start_hour=8, end_hour=17)], friday_evening, "UTC")

    assert fired == datetime(2026, 3, 16, 8, 0, tzinfo=UTC)


def test_without_rules_nothing_runs():
    assert next_run([], NOON, "UTC") is None
    assert in_words([]) == "Never"


def test_rules_read_as_a_sentence():
    assert in_words([Minutely(every=5), Daily(hour=2)]) == "Every 5 minutes; every day at 02:00"
    assert (
        in_words([Flexible(every=1, unit="hours", weekdays=(5, 6), start_hour=9, end_hour=16)])
        == "Every hour on Sat, Sun, 09:00 to 16:59"
    )


def test_rules_that_make_no_sense_say_why():
    assert problem_with(Minutely(every=0))
    assert problem_with(Flexible(weekdays=()))
    assert problem_with(Hourly(every=3, minute=10)) is None


rules = st.one_of(
    st.builds(Minutely, every=st.integers(1, 1439)),
    st.builds(Hourly, every=st.integers(1, 24), minute=st.integers(0, 59)),
    st.builds(Daily, every=st.integers(1, 30), hour=st.integers(0, 23), minute=st.integers(0, 59)),
    st.builds(
        Flexible,
        every=st.integers(1, 120),
        weekdays=st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(tuple),
        start_hour=st.integers(0, 11),
        end_hour=st.integers(12, 23),
    ),
)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  (hypothesis wants naive bounds)
zones = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"])


@given(rules, moments, zones)
def test_the_next_run_is_later_and_nothing_lies_between(rule, moment, zone):
    fired = next_run([rule], moment, zone)

    assert fired is not None
    assert fired > moment
    middle = moment + (fired - moment) / 2
    assert next_run([rule], middle, zone) == fired or fired - moment < timedelta(seconds=2)
