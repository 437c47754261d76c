from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


@login_not_required
def bare(request: HttpRequest) -> HttpResponse:
    """What gunicorn, Django and its middleware cost by themselves."""
    return HttpResponse("ok")


def bare_signed_in(request: HttpRequest) -> HttpResponse:
    """The same for somebody signed in: their session and their row are read, and nothing else."""
    return HttpResponse(f"ok, {request.user.pk}")


urlpatterns = [
    path("bare", bare),
    path("bare/signed-in", bare_signed_in),
    path("", include("flowweb.urls")),
]
