package io.vivarium.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessesTest {
  @TempDir Path folder;

  @Test
  void aProcessIsWatchedAndEndedByItsDescriptor() throws Exception {
    Process sleeper = new ProcessBuilder("sleep", "1000").start();
    try (Fd process = Processes.pidfdOpen(sleeper.pid());
        Epoll epoll = new Epoll()) {
      epoll.add(process, Epoll.EPOLLIN, 0);
      assertThat(epoll.await(0)).isZero();
      assertThat(Processes.pidfdSendSignal(process, 0)).isTrue();

      assertThat(Processes.pidfdSendSignal(process, Processes.SIGKILL)).isTrue();

      assertThat(epoll.await(10_000)).isEqualTo(1);
      sleeper.waitFor();
      assertThat(Processes.pidfdSendSignal(process, 0)).isFalse();
    }
    assertThatThrownBy(() -> Processes.pidfdOpen(sleeper.pid())).hasMessageContaining("ESRCH");
  }

  @Test
  void theParentsDeathSignalIsSetAndUnset() throws Exception {
    Processes.setParentDeathSignal(Processes.SIGKILL);
    Processes.setParentDeathSignal(0);
  }

  @Test
  void anotherThreadsProcessorTimeIsKnown() throws Exception {
    CountDownLatch worked = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    AtomicInteger id = new AtomicInteger();
    Thread worker =
        new Thread(
            () -> {
              id.set(LinuxThreads.currentId());
              long end = System.nanoTime() + 20_000_000;
              while (System.nanoTime() < end) {
                Thread.onSpinWait();
              }
              worked.countDown();
              try {
                done.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    worker.start();
    worked.await();
    int thread = id.get();
    assertThat(LinuxThreads.cpuTimeNanos(thread)).isPositive();
    assertThat(LinuxThreads.signal(thread, 0)).isTrue();
    done.countDown();
    worker.join();
    assertThatThrownBy(() -> LinuxThreads.cpuTimeNanos(Integer.MAX_VALUE >> 3))
        .isInstanceOf(ErrnoException.class);
  }

  @Test
  void affinityIsReadAndSet() throws Exception {
    BitSet all = LinuxThreads.affinity(0);
    assertThat(all.cardinality()).isPositive();
    BitSet one = new BitSet();
    one.set(all.nextSetBit(0));
    LinuxThreads.setAffinity(0, one);
    try {
      assertThat(LinuxThreads.affinity(0)).isEqualTo(one);
    } finally {
      LinuxThreads.setAffinity(0, all);
    }
  }

  @Test
  void landlockForbidsAllButWhatIsAllowed() throws Exception {
    assumeTrue(Landlock.abi() > 0, "skipped: this kernel has no Landlock");
    Path allowed = Files.createDirectory(folder.resolve("allowed"));
    Path other = folder.resolve("other");
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread sandboxed =
        new Thread(
            () -> {
              try (Landlock rules = new Landlock(Landlock.WRITE)) {
                rules.allow(allowed.toString(), Landlock.WRITE);
                rules.restrictThread();
                Fd.open(allowed.resolve("new").toString(), Fd.O_RDWR | Fd.O_CREAT, 0600).close();
                assertThatThrownBy(() -> Fd.open(other.toString(), Fd.O_RDWR | Fd.O_CREAT, 0600))
                    .hasMessageContaining("EACCES");
              } catch (Throwable e) {
                failure.set(e);
              }
            });
    sandboxed.start();
    sandboxed.join();
    assertThat(failure.get()).isNull();
    assertThat(Files.exists(allowed.resolve("new"))).isTrue();
  }
}
