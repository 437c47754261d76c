from django.urls import path

from apps.generation import views, views_jobs, views_presets, webhooks

urlpatterns = [
    path("create/", views.create, name="create"),
    path("create/wishes/", views.wishes, name="wishes"),
    path("create/presets/", views_presets.presets, name="presets"),
    path("create/presets/save/", views_presets.save, name="preset-save"),
    path("create/presets/<uuid:pk>/rename/", views_presets.rename, name="preset-rename"),
    path("create/presets/<uuid:pk>/delete/", views_presets.delete, name="preset-delete"),
    path("jobs/", views_jobs.jobs, name="jobs"),
    path("jobs/panel/", views_jobs.live_panel, name="panel"),
    path("jobs/<uuid:pk>/", views_jobs.job, name="job"),
    path("jobs/<uuid:pk>/cancel/", views_jobs.cancel, name="job-cancel"),
    path("jobs/<uuid:pk>/retry/", views_jobs.retry, name="job-retry"),
    path("jobs/<uuid:pk>/abandon/", views_jobs.abandon, name="job-abandon"),
    path("jobs/<uuid:pk>/look/", views_jobs.look, name="job-look"),
    path("jobs/<uuid:pk>/pause/", views_jobs.pause, name="job-pause"),
    path("jobs/<uuid:pk>/resume/", views_jobs.resume, name="job-resume"),
    path("jobs/<uuid:pk>/hide/", views_jobs.hide, name="job-hide"),
    path("hooks/<str:secret>/", webhooks.hook, name="hook"),
]
