package io.vivarium.assist;

import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.LinuxThreads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * Lets timer ticks through to an interpreted guest kernel as far as it can digest them. A tick
 * costs it about a millisecond of host processor time: at 250 a second it would spend much of its
 * time on them, and on a busy host all of it. So a busy vCPU gets the next tick when it has run for
 * a while since the last one; one that waits in HLT gets it at once.
 */
public final class TickPacer {
  /** Processor time of the vCPU between ticks. */
  private static final long RUN = TimeUnit.MILLISECONDS.toNanos(100);

  /** However little it ran, a guest gets a tick this often: it may wait for one in a loop. */
  private static final long LONGEST = TimeUnit.SECONDS.toNanos(1);

  private static final long CHECK = TimeUnit.MILLISECONDS.toNanos(10);

  private final IntSupplier threadId;
  private long ranAtLastTick;

  /** {@code threadId}: the kernel's id of the thread of the vCPU that takes the ticks, or 0. */
  public TickPacer(IntSupplier threadId) {
    this.threadId = threadId;
  }

  /** Nanoseconds to wait before asking again; 0 lets a due tick through. */
  public long delay(long sinceLastTick) {
    int id = threadId.getAsInt();
    try {
      long ran = id == 0 ? 0 : LinuxThreads.cpuTimeNanos(id);
      boolean runsStill = ran - ranAtLastTick < RUN && sinceLastTick < LONGEST;
      if (id != 0 && runsStill && isRunnable(id)) {
        return CHECK;
      }
      ranAtLastTick = ran;
    } catch (ErrnoException e) {
      // The thread has ended: nobody is disturbed by a tick.
      ranAtLastTick = 0;
    }
    return 0;
  }

  /** Whether a thread runs or would like to; a vCPU in HLT sleeps in the kernel. */
  private static boolean isRunnable(int id) {
    try {
      byte[] bytes = Files.readAllBytes(Path.of("/proc/self/task/" + id + "/stat"));
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      // "id (name) state ...": a name may hold anything, also parentheses.
      int end = text.lastIndexOf(')');
      return end >= 0 && end + 2 < text.length() && text.charAt(end + 2) == 'R';
    } catch (IOException e) {
      return false;
    }
  }
}
