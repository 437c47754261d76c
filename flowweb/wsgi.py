from django.core.wsgi import get_wsgi_application

import flowweb.checked  # noqa: F401 - before Django reads the settings

application = get_wsgi_application()
