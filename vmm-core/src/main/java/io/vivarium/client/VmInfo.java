package io.vivarium.client;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A VM at one moment, for lists and {@code viv inspect}.
 *
 * @param enginePid process id of its engine, 0 when none runs
 * @param startedAt when the running engine started, or null
 * @param snapshot id of the snapshot that the running or stored state descends from, or null
 * @param reason why it is CRASHED, or PAUSED without having been asked to, in one sentence, or null
 * @param lastConsoleLines the newest lines of the console, oldest first, at most 12 joined by '\n'
 */
public record VmInfo(
    VmSpec spec,
    VmState state,
    long enginePid,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable String snapshot,
    @Nullable String reason,
    String lastConsoleLines) {
  public String name() {
    return spec.name();
  }
}
