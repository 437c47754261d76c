"""The remote APIs in miniature, over real HTTP, with songs that can be heard.

For trying the product without a token and for the tests. It follows the same pages as apps.upstream but shares
no code with it: a misreading in one of them then shows up as a disagreement instead of being made twice.
"""
