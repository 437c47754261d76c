"""The remote APIs, in pure Python: the one place in flowweb that sends HTTP requests to the outside.

Knows nothing of Django, Celery or the database. Callers use `flowmusic.FlowMusic` and catch the classes of
`errors`.
"""
