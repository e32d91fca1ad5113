"""A thumbnail function: plain source beside unpacked wheels, as `sam build` leaves them."""

import PIL
import requests


def handler(event, context):
    picture = requests.get(event["url"])
    return PIL.thumbnail(picture, event.get("size", 128))
