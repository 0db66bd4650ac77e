"""What the web server runs."""

import os

from django.core.wsgi import get_wsgi_application

from crossdock.site.boot import end_with

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crossdock.site.settings")
if os.environ.get("CROSSDOCK_SUPERVISOR"):
    # This is one of the web server's own processes, which would go on, and hold the port, were the server killed.
    end_with(os.getppid(), grace=1.0)
application = get_wsgi_application()
