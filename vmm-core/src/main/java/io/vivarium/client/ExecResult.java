package io.vivarium.client;

/**
 * How a command in the guest ended.
 *
 * @param exitStatus 0 to 255, as a shell tells it (128 + n for signal n)
 */
public record ExecResult(int exitStatus) {}
