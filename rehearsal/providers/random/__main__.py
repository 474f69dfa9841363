"""``python -m rehearsal.providers.random ENGINE_ADDRESS``: started by the engine."""

from rehearsal.providers.light import use_message_classes_only


def start() -> None:
    """Be the ``random`` plugin of one engine, until it asks to stop or is gone."""
    use_message_classes_only()  # before the imports below, which need the SDK's messages and not the SDK
    from rehearsal.providers.random.provider import RandomProvider
    from rehearsal.providers.serve import serve

    serve(RandomProvider)


if __name__ == "__main__":
    start()
