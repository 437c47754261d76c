from django.urls import path

from apps.library import views, views_clip, views_find, views_marks, views_storage

urlpatterns = [
    path("", views.library, name="library"),
    path("find/", views_find.find, name="find"),
    path("clips/<uuid:clip_id>/", views_clip.clip, name="clip"),
    path("clips/<uuid:clip_id>/audio.<slug:kind>", views.audio, name="clip-audio"),
    path("clips/<uuid:clip_id>/cover.jpg", views.cover, name="clip-cover"),
    path("clips/<uuid:clip_id>/thumb.webp", views.thumb, name="clip-thumb"),
    path("clips/<uuid:clip_id>/peaks.json", views.peaks, name="clip-peaks"),
    path("clips/<uuid:clip_id>/files/<slug:kind>/retry/", views.retry, name="clip-file-retry"),
    path("clips/<uuid:clip_id>/heart/", views_marks.heart, name="clip-heart"),
    path("clips/<uuid:clip_id>/stars/", views_marks.stars, name="clip-stars"),
    path("clips/<uuid:clip_id>/tags/", views_marks.tags, name="clip-tags"),
    path("songs/<uuid:song_id>/rename/", views_marks.rename, name="song-rename"),
    path("storage/", views_storage.storage, name="storage"),
    path("undo/", views_marks.take_back, name="undo"),
]
