from django.urls import include, path

urlpatterns = [
    path("", include("apps.generation.urls")),  # first, for the panel is asked for most often
    path("library/", include("apps.library.urls")),
    path("", include("apps.accounts.urls")),
    path("auth/two-step/", include("allauth.mfa.urls")),
    path("auth/openid/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("auth/", include("allauth.account.urls")),
]
