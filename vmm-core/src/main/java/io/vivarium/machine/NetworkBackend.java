package io.vivarium.machine;

import java.nio.file.Path;

/** Where the frames of a machine's network interface go. */
public sealed interface NetworkBackend {
  /**
   * A Unix stream socket that somebody listens on, each frame after its length in 4 bytes,
   * big-endian: passt, or QEMU's stream netdev. The machine connects when it is made, and is not
   * made when that fails.
   */
  record Stream(Path socket) implements NetworkBackend {}

  /** A tap interface of the host, made by somebody who may, or by us where we may. */
  record Tap(String interfaceName) implements NetworkBackend {}

  /**
   * A private cable to another VM, over a Unix socket: who comes first listens there, the other
   * connects; frames before that are dropped.
   */
  record Cable(Path socket) implements NetworkBackend {}

  /** No cable is plugged in. */
  record Unplugged() implements NetworkBackend {}

  /** None yet, but a {@link Tap} will be: another machine may still hold that. */
  record AwaitsTap() implements NetworkBackend {}
}
