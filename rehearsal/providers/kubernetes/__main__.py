"""Run the plugin: the engine gives its address and reads the port from stdout."""

from rehearsal.providers.light import use_message_classes_only


def main() -> None:
    """Serve until the engine is done."""
    use_message_classes_only()
    # Only now: these import the message classes.
    from rehearsal.providers.kubernetes.provider import KubernetesProvider
    from rehearsal.providers.serve import serve

    serve(KubernetesProvider)


if __name__ == "__main__":
    main()
