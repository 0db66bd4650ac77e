"""What machines ask the web: is it alive, is it ready, what does it count."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from crossdock.site import health


def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: the process answers. Asks nothing else."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Ready: database, migrations and workers, by state only; 503 unless all are ok."""
    parts = health.readiness()
    is_ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ready" if is_ready else "not ready", **parts}, status=200 if is_ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus, to whoever brings the bearer of `CROSSDOCK_METRICS_TOKEN`; without one this address does not exist."""
    if not health.may_read_metrics(request.headers.get("Authorization", "")):
        return HttpResponse(status=404)
    return HttpResponse(health.metrics_text(), content_type=health.METRICS_TYPE)
