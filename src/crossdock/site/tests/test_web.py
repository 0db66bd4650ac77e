"""What machines ask the web, and what every answer carries."""

import pytest
from django.test import Client


@pytest.fixture
def client(db_ready):
    return Client()


def test_alive_asks_nothing_of_the_database(django_db_blocker):
    with django_db_blocker.block():
        answer = Client().get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_ready_names_its_parts_by_state_only(client):
    answer = client.get("/readyz")

    parts = answer.json()
    assert set(parts) == {"status", "database", "migrations", "workers"}
    assert (parts["database"], parts["migrations"]) == ("ok", "ok")
    assert answer.status_code == (200 if parts["workers"] == "ok" else 503)


def test_not_ready_without_a_database(monkeypatch, django_db_blocker):
    from crossdock.site import health

    class Gone:
        def cursor(self):
            raise health.DatabaseError("gone")

    monkeypatch.setattr(health, "connection", Gone())
    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] == "unreachable"


def test_metrics_exist_only_for_who_has_the_token(client, monkeypatch):
    monkeypatch.delenv("CROSSDOCK_METRICS_TOKEN", raising=False)
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404

    monkeypatch.setenv("CROSSDOCK_METRICS_TOKEN", "a-long-token")
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer another"}).status_code == 404
    answer = client.get("/metrics", headers={"authorization": "Bearer a-long-token"})
    assert answer.status_code == 200
    assert b'crossdock_ready{part="database"} 1.0' in answer.content


def test_every_answer_keeps_browsers_strict(client):
    headers = client.get("/healthz").headers

    assert sorted(headers["Content-Security-Policy"].split("; ")) == [
        "base-uri 'none'",
        "default-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "img-src 'self' data:",
        "object-src 'none'",
    ]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_another_host_is_refused(client):
    answer = client.get("/healthz", headers={"host": "evil.example.com"})

    assert answer.status_code == 400


def test_pages_of_a_session_are_kept_in_no_cache(client):
    assert client.get("/sign-in/login/").headers["Cache-Control"] == "no-store"
