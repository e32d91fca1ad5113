"""Stands in for the package of this name."""


def get(url):
    return url
