package io.vivarium.assist;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.linux.LinuxThreads;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TickPacerTest {
  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);

  @Test
  void nobodyWaitsForAVcpuThatDoesNotRun() {
    assertThat(new TickPacer(() -> 0).delay(MILLISECOND)).isZero();
  }

  @Test
  void aThreadThatSleepsGetsItsTickAtOnce() throws InterruptedException {
    var end = new CountDownLatch(1);
    var id = new AtomicInteger();
    Thread sleeper =
        Thread.ofPlatform()
            .start(
                () -> {
                  id.set(LinuxThreads.currentId());
                  try {
                    end.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    while (id.get() == 0 || sleeper.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    var pacer = new TickPacer(id::get);
    // The state that the kernel shows follows a moment later.
    while (pacer.delay(MILLISECOND) != 0) {
      Thread.onSpinWait();
    }
    end.countDown();
    sleeper.join();
  }

  @Test
  void aThreadThatRunsWaitsForItsShare() throws InterruptedException {
    var end = new AtomicBoolean();
    var id = new AtomicInteger();
    Thread worker =
        Thread.ofPlatform()
            .start(
                () -> {
                  id.set(LinuxThreads.currentId());
                  while (!end.get()) {
                    Thread.onSpinWait();
                  }
                });
    while (id.get() == 0) {
      Thread.onSpinWait();
    }
    var pacer = new TickPacer(id::get);
    // Ticks come through until it really runs, and then no more.
    while (pacer.delay(MILLISECOND) == 0) {
      Thread.onSpinWait();
    }
    // However little it ran, not for ever.
    assertThat(pacer.delay(TimeUnit.SECONDS.toNanos(2))).isZero();
    end.set(true);
    worker.join();
  }
}
