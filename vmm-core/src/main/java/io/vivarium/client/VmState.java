package io.vivarium.client;

/** What a VM is doing, as the user sees it. */
public enum VmState {
  /** No engine runs; nothing of a running guest is kept. */
  STOPPED,
  /** An engine is coming up. */
  STARTING,
  RUNNING,
  PAUSED,
  /** The guest was asked to shut down, or the engine is ending. */
  STOPPING,
  /** The engine ended without being asked to, or the guest panicked. It starts again as usual. */
  CRASHED
}
