def write(suite):
    pass
