"""``python -m rehearsal.language_host [options] ENGINE_ADDRESS``: started by the engine, once per command."""

from rehearsal.providers.light import use_message_classes_only


def start() -> None:
    """Be the language host of one engine, until it asks to stop or is gone."""
    use_message_classes_only()  # before the import below, which needs the SDK's messages and not the SDK
    from rehearsal.language_host.server import serve

    serve()


if __name__ == "__main__":
    start()
