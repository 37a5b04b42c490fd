package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.legacy.Uart16550;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SerialLinkTest {
  private static final int RECEIVE_BUFFER = 0;
  private static final int LINE_STATUS = 5;

  private final SerialLink link = new SerialLink("test-com1", null);
  private final Uart16550 uart = new Uart16550("com1", level -> {}, link);

  @BeforeEach
  void attach() {
    link.attach(uart);
    uart.resume();
  }

  @AfterEach
  void close() {
    link.close();
  }

  @Test
  void aPasteThatIsLargerThanAllBuffersArrivesWhole() throws Exception {
    byte[] paste = pattern(300_000);
    CompletableFuture<Void> sent =
        CompletableFuture.runAsync(
            () -> {
              try {
                link.send(paste, 0, paste.length);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    while (received.size() < paste.length) {
      if ((uart.read(LINE_STATUS, 1) & 1) != 0) {
        received.write((int) uart.read(RECEIVE_BUFFER, 1));
      }
    }
    sent.get(60, TimeUnit.SECONDS);
    assertThat(received.toByteArray()).isEqualTo(paste);
  }

  @Test
  void whatTheGuestSendsArrivesInOrder() throws Exception {
    byte[] output = pattern(200_000);
    BlockingQueue<Byte> received = new LinkedBlockingQueue<>();
    link.listen(
        (data, offset, length) -> {
          for (int i = 0; i < length; i++) {
            received.add(data[offset + i]);
          }
        });
    for (byte value : output) {
      uart.write(RECEIVE_BUFFER, 1, value & 0xff);
    }
    for (byte value : output) {
      assertThat(received.poll(60, TimeUnit.SECONDS)).isEqualTo(value);
    }
  }

  @Test
  void aListenerThatHangsHoldsUpTheGuestOnlyUntilThePause() throws Exception {
    CompletableFuture<Void> hang = new CompletableFuture<>();
    link.listen((data, offset, length) -> hang.join());
    CompletableFuture<Void> guest =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; i < 200_000; i++) {
                uart.write(RECEIVE_BUFFER, 1, i & 0xff);
              }
            });
    link.hold(true);
    guest.get(60, TimeUnit.SECONDS);
    hang.complete(null);
  }

  @Test
  void closingTellsWhoeverSends() throws Exception {
    CompletableFuture<Boolean> told =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                link.send(pattern(300_000), 0, 300_000);
                return false;
              } catch (InterruptedException e) {
                return true;
              }
            });
    link.close();
    assertThat(told.get(60, TimeUnit.SECONDS)).isTrue();
  }

  private static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i ^ (i >> 8));
    }
    return bytes;
  }
}
