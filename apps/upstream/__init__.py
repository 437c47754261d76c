"""The remote APIs, in pure Python: the one place of the house that speaks HTTP outwards.

Knows nothing of Django, Celery or the database. Callers use `flowmusic.FlowMusic` and catch the classes of
`errors`.
"""
