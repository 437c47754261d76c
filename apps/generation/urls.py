from django.urls import path

from apps.generation import webhooks
from apps.generation.views import chains, create, files, jobs, leaving, pictures, presets, references, usage

urlpatterns = [
    path("create/", create.create, name="create"),
    path("create/references/", references.offered, name="create-references"),
    path("create/references/send/", references.send, name="create-reference-send"),
    path("create/wishes/", create.wishes, name="wishes"),
    path("create/presets/", presets.presets, name="presets"),
    path("create/presets/save/", presets.save, name="preset-save"),
    path("create/presets/<uuid:pk>/rename/", presets.rename, name="preset-rename"),
    path("create/presets/<uuid:pk>/delete/", presets.delete, name="preset-delete"),
    path("library/files/", files.files, name="files"),
    path("library/files/upload/", files.upload, name="file-upload"),
    path("library/files/<uuid:pk>/send/", files.send, name="file-send"),
    path("library/files/<uuid:pk>/retry/", files.retry, name="file-retry"),
    path("library/files/<uuid:pk>/delete/", files.delete, name="file-delete"),
    path("library/files/<uuid:pk>/restore/", files.restore, name="file-restore"),
    path("library/clips/<uuid:clip_id>/chain/", chains.repeat, name="clip-chain"),
    path("jobs/chains/<uuid:pk>/", chains.chain, name="chain"),
    path("jobs/chains/<uuid:pk>/stop/", chains.stop, name="chain-stop"),
    path("jobs/chains/<uuid:pk>/resume/", chains.resume, name="chain-resume"),
    path("create/image/", pictures.image, name="image"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/panel/", jobs.live_panel, name="panel"),
    path("jobs/<uuid:pk>/", jobs.job, name="job"),
    path("jobs/<uuid:pk>/cancel/", jobs.cancel, name="job-cancel"),
    path("jobs/<uuid:pk>/retry/", jobs.retry, name="job-retry"),
    path("jobs/<uuid:pk>/abandon/", jobs.abandon, name="job-abandon"),
    path("jobs/<uuid:pk>/look/", jobs.look, name="job-look"),
    path("jobs/<uuid:pk>/pause/", jobs.pause, name="job-pause"),
    path("jobs/<uuid:pk>/resume/", jobs.resume, name="job-resume"),
    path("jobs/<uuid:pk>/hide/", jobs.hide, name="job-hide"),
    path("flow-accounts/usage/", usage.show, name="usage"),
    path("flow-accounts/usage/read/", usage.read, name="usage-read"),
    path("flow-accounts/usage/usage.csv", usage.download, name="usage-download"),
    path("flow-accounts/<flow-email:email>/usage/", usage.show, name="flow-account-usage"),
    path("flow-accounts/<flow-email:email>/usage/read/", usage.read, name="flow-account-usage-read"),
    path(
        "flow-accounts/<flow-email:email>/usage/usage.csv", usage.download, name="flow-account-usage-download"
    ),
    path("flow-accounts/<flow-email:email>/remove/", leaving.remove, name="flow-account-remove"),
    path("hooks/<str:secret>/", webhooks.hook, name="hook"),
]
