from django.urls import path

from apps.generation.account_removal import views as account_removal_views
from apps.generation.create import preset_views, reference_views
from apps.generation.create import views as create_views
from apps.generation.edits import chain_views
from apps.generation.edits import views as edits_views
from apps.generation.job_pages import adoption_views, queue_views
from apps.generation.job_pages import views as job_pages_views
from apps.generation.lending_requests import views as lending_requests_views
from apps.generation.lyrics import views as lyrics_views
from apps.generation.polling import webhooks
from apps.generation.references import image_views
from apps.generation.references import views as references_views
from apps.generation.restore import views as restore_views
from apps.generation.sweeps import views as sweeps_views
from apps.generation.usage import views as usage_views
from apps.old_addresses import moved

urlpatterns = [
    path("jobs/panel/", job_pages_views.live_panel, name="panel"),
    path("", create_views.home, name="home"),
    path("create/", create_views.create, name="create"),
    path("create/references/", reference_views.choices, name="create-references"),
    path("create/references/send/", reference_views.send, name="create-reference-send"),
    path("create/sweeps/", sweeps_views.overview, name="sweeps"),
    path("create/sweeps/<uuid:pk>/", sweeps_views.sweep, name="sweep"),
    path("create/sweeps/<uuid:pk>/start/", sweeps_views.start, name="sweep-start"),
    path("create/sweeps/<uuid:pk>/stop/", sweeps_views.stop, name="sweep-stop"),
    path("create/sweeps/<uuid:pk>/resume/", sweeps_views.resume, name="sweep-resume"),
    path("create/sweeps/<uuid:pk>/delete/", sweeps_views.delete, name="sweep-delete"),
    path("create/prompts/", create_views.prompts, name="prompts"),
    path("create/lyrics/", lyrics_views.lyrics, name="lyrics"),
    path("create/lyrics/<uuid:pk>/", lyrics_views.draft, name="lyric-draft"),
    path("create/lyrics/<uuid:pk>/rewrite/", lyrics_views.rewrite, name="lyric-rewrite"),
    path("create/lyrics/<uuid:pk>/delete/", lyrics_views.delete, name="lyric-delete"),
    path("create/presets/", preset_views.presets, name="presets"),
    path("create/presets/save/", preset_views.save, name="preset-save"),
    path("create/presets/<uuid:pk>/rename/", preset_views.rename, name="preset-rename"),
    path("create/presets/<uuid:pk>/delete/", preset_views.delete, name="preset-delete"),
    path("library/files/", references_views.files, name="files"),
    path("library/files/upload/", references_views.upload, name="file-upload"),
    path("library/files/<uuid:pk>/send/", references_views.send, name="file-send"),
    path("library/files/<uuid:pk>/retry/", references_views.retry, name="file-retry"),
    path("library/files/<uuid:pk>/ask/", references_views.ask, name="file-ask"),
    path("library/files/<uuid:pk>/delete/", references_views.delete, name="file-delete"),
    path("library/files/<uuid:pk>/restore/", references_views.restore, name="file-restore"),
    path("library/clips/<uuid:clip_id>/edit/<slug:operation>/", edits_views.edit, name="clip-edit"),
    path("library/clips/<uuid:clip_id>/chain/", chain_views.repeat, name="clip-chain"),
    path("jobs/chains/<uuid:pk>/", chain_views.chain, name="chain"),
    path("jobs/chains/<uuid:pk>/stop/", chain_views.stop, name="chain-stop"),
    path("jobs/chains/<uuid:pk>/resume/", chain_views.resume, name="chain-resume"),
    path("create/image/", image_views.image, name="image"),
    path("jobs/", job_pages_views.jobs, name="jobs"),
    path("jobs/restored/", restore_views.restored, name="jobs-restored"),
    path("jobs/<uuid:pk>/", job_pages_views.job, name="job"),
    path("jobs/<uuid:pk>/cancel/", job_pages_views.cancel, name="job-cancel"),
    path("jobs/<uuid:pk>/retry/", job_pages_views.retry, name="job-retry"),
    path("jobs/<uuid:pk>/mark-lost/", job_pages_views.mark_lost, name="job-mark-lost"),
    path("jobs/<uuid:pk>/check/", job_pages_views.check_now, name="job-check"),
    path("jobs/<uuid:pk>/try-now/", job_pages_views.try_now, name="job-try-now"),
    path("jobs/<uuid:pk>/adopt/", adoption_views.adopt, name="job-adopt"),
    path("jobs/<uuid:pk>/remove/", queue_views.remove, name="job-remove"),
    path("jobs/<uuid:pk>/undo-removal/", queue_views.undo_removal, name="job-undo-removal"),
    path("jobs/<uuid:pk>/move/", queue_views.move, name="job-move"),
    path("jobs/<uuid:pk>/pause/", queue_views.pause, name="job-pause"),
    path("jobs/<uuid:pk>/resume/", queue_views.resume, name="job-resume"),
    path("jobs/pause/", queue_views.pause_mine, name="jobs-pause"),
    path("jobs/resume/", queue_views.resume_mine, name="jobs-resume"),
    path("jobs/<uuid:pk>/dismiss/", job_pages_views.dismiss, name="job-dismiss"),
    path("flow-accounts/usage/", usage_views.show, name="usage"),
    path("flow-accounts/usage/read/", usage_views.read, name="usage-read"),
    path("flow-accounts/usage/usage.csv", usage_views.download, name="usage-download"),
    path("flow-accounts/usage/jobs.csv", usage_views.download_jobs, name="usage-jobs-download"),
    path("flow-accounts/<flow-email:email>/usage/", usage_views.show, name="flow-account-usage"),
    path("flow-accounts/<flow-email:email>/usage/read/", usage_views.read, name="flow-account-usage-read"),
    path(
        "flow-accounts/<flow-email:email>/usage/usage.csv",
        usage_views.download,
        name="flow-account-usage-download",
    ),
    path(
        "flow-accounts/<flow-email:email>/usage/jobs.csv",
        usage_views.download_jobs,
        name="flow-account-usage-jobs-download",
    ),
    path(
        "flow-accounts/<flow-email:email>/remove/", account_removal_views.remove, name="flow-account-remove"
    ),
    path(
        "settings/tokens/requests/<uuid:pk>/dismiss/",
        lending_requests_views.dismiss,
        name="lending-request-dismiss",
    ),
    path("hooks/<str:secret>/", webhooks.hook, name="hook"),
    moved("create/wishes/", to="prompts", name="prompts-moved"),
    moved("create/sweeps/<uuid:pk>/go-on/", to="sweep-resume", name="sweep-resume-moved"),
    moved("create/lyrics/<uuid:pk>/ask/", to="lyric-rewrite", name="lyric-rewrite-moved"),
    moved("jobs/<uuid:pk>/abandon/", to="job-mark-lost", name="job-mark-lost-moved"),
    moved("jobs/<uuid:pk>/look/", to="job-check", name="job-check-moved"),
    moved("jobs/<uuid:pk>/drop/", to="job-remove", name="job-remove-moved"),
    moved("jobs/<uuid:pk>/back/", to="job-undo-removal", name="job-undo-removal-moved"),
    moved("jobs/<uuid:pk>/hide/", to="job-dismiss", name="job-dismiss-moved"),
]
