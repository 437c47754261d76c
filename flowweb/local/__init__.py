"""`make run`: everything that flowweb needs, on one machine, under one supervisor."""
