"""``python -m rehearsal.language_host [options] ENGINE_ADDRESS``: started by the engine, once per command."""

from rehearsal.providers.messages import use_message_classes_only

if __name__ == "__main__":
    use_message_classes_only()  # before the imports below: they need the SDK's messages, not the SDK
    from rehearsal.language_host.server import main

    main()
