package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmConstants.KVM_EXIT_INTR;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Stopping a vCPU from another thread. */
@Tag("kvm")
class KickTest {
  private static final int KICKS = 200;

  @Test
  void everyKickEndsARun() throws Exception {
    // jmp $: the guest never leaves by itself
    try (TestGuest guest = TestGuest.plain(0xeb, 0xfe)) {
      SynchronousQueue<Integer> exits = new SynchronousQueue<>();
      Thread runner = new Thread(() -> run(guest.vcpu, exits), "vcpu");
      runner.start();
      for (int i = 0; i < KICKS; i++) {
        guest.vcpu.kick();
        assertThat(exits.poll(10, TimeUnit.SECONDS)).as("kick " + i).isEqualTo(KVM_EXIT_INTR);
      }
      runner.interrupt();
      guest.vcpu.kick();
      runner.join();
    }
  }

  private static void run(KvmVcpu vcpu, SynchronousQueue<Integer> exits) {
    try {
      while (true) {
        exits.put(vcpu.run());
      }
    } catch (InterruptedException e) {
      // the end of the test
    } catch (KvmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aKickBeforeTheFirstRunEndsThat() throws Exception {
    try (TestGuest guest = TestGuest.plain(0xeb, 0xfe)) {
      guest.vcpu.kick();
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_INTR);
    }
  }

  @Test
  void aFloodOfKicksHarmsNoThread() throws Exception {
    // out 0x10,al; jmp back: in and out of KVM_RUN all the time
    try (TestGuest guest = TestGuest.plain(0xe6, 0x10, 0xeb, 0xfc)) {
      AtomicBoolean stop = new AtomicBoolean();
      AtomicInteger interrupted = new AtomicInteger();
      AtomicInteger failures = new AtomicInteger();
      Thread runner =
          new Thread(
              () -> {
                try {
                  while (!stop.get()) {
                    if (guest.vcpu.run() == KVM_EXIT_INTR) {
                      interrupted.incrementAndGet();
                    }
                  }
                } catch (KvmException e) {
                  failures.incrementAndGet();
                }
              });
      runner.start();
      while (interrupted.get() < 1000 && runner.isAlive()) {
        guest.vcpu.kick();
      }
      stop.set(true);
      guest.vcpu.kick();
      runner.join(10_000);
      assertThat(runner.isAlive()).isFalse();
      guest.vcpu.kick(); // its thread is gone
      assertThat(failures).hasValue(0);
      assertThat(interrupted).hasValueGreaterThanOrEqualTo(1000);
    }
  }
}
