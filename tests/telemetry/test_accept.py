"""Which form a scrape takes is the scraper's choice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.telemetry.accept import takes_gzip, wants_openmetrics

# Word for word what Prometheus 2.55 and 3.1 send.
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("text/plain;version=0.0.4", False),
        ("application/openmetrics-text", True),
        ("Application/OpenMetrics-Text; Version=1.0.0", True),
        ('application/openmetrics-text; version="1.0.0"', True),
        ("application/openmetrics-text;version=2.0.0", False),
        ("application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=1.0.0;q=0.5", True),
        ("application/openmetrics-text;q=0.2,text/plain", False),
        ("application/openmetrics-text,text/plain", False),
        ("application/openmetrics-text;q=7,text/plain;q=0.1", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=much", False),
        ("application/openmetrics-text;q=nan,*/*;q=0.1", False),
        (PROMETHEUS_2, True),
        (PROMETHEUS_3, True),
    ],
)
def test_openmetrics_is_written_only_for_who_likes_it_better(accept, wanted):
    assert wants_openmetrics(accept) is wanted


@pytest.mark.parametrize(
    ("encoding", "taken"),
    [
        ("", False),
        ("identity", False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("*", True),
        ("*;q=0.5, gzip;q=0", False),
        ("br", False),
    ],
)
def test_it_is_compressed_only_for_who_can_unpack_it(encoding, taken):
    assert takes_gzip(encoding) is taken


@given(st.text(max_size=200))
def test_any_header_is_an_answer_and_never_an_error(header):
    assert wants_openmetrics(header) in {True, False}
    assert takes_gzip(header) in {True, False}
