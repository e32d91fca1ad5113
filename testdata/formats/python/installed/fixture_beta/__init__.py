"""A fixture."""


def main():
    return 0
