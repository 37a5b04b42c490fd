package io.vivarium.devices.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.DeviceContract;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Uart16550Test implements DeviceContract<Uart16550.State, Uart16550> {
  private final StringBuilder sent = new StringBuilder();
  private final List<Boolean> edges = new ArrayList<>();
  private int rooms;
  private boolean line;

  @Override
  public Uart16550 create() {
    return new Uart16550(
        "com1",
        high -> {
          if (line != high) {
            edges.add(high);
          }
          line = high;
        },
        new Uart16550.Output() {
          @Override
          public void transmit(byte value) {
            sent.append((char) value);
          }

          @Override
          public void room() {
            rooms++;
          }
        });
  }

  @Override
  public void exercise(Uart16550 uart) {
    uart.write(3, 1, 0x83);
    uart.write(0, 1, 1);
    uart.write(1, 1, 0);
    uart.write(3, 1, 0x03);
    uart.write(2, 1, 0xc7);
    uart.write(4, 1, 0x0b);
    uart.write(1, 1, 0x0f);
    uart.write(7, 1, 0x5a);
    byte[] text = "hello, guest".getBytes(StandardCharsets.US_ASCII);
    uart.offer(text, 0, text.length);
    uart.read(0, 1);
    uart.write(0, 1, 'x');
    for (int offset = 1; offset < 8; offset++) {
      uart.read(offset, 1);
    }
  }

  private Uart16550 running() {
    Uart16550 uart = create();
    uart.resume();
    uart.write(4, 1, 0x0b);
    return uart;
  }

  private static int offer(Uart16550 uart, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return uart.offer(bytes, 0, bytes.length);
  }

  @Test
  void sendsAtOnceAndIsNeverBusy() {
    Uart16550 uart = running();
    for (char c : "login: ".toCharArray()) {
      assertThat(uart.read(5, 1) & 0x60).isEqualTo(0x60);
      uart.write(0, 1, c);
    }
    assertThat(sent.toString()).isEqualTo("login: ");
    assertThat(uart.transmitted()).isEqualTo(7);
  }

  @Test
  void divisorLatchHidesDataAndInterruptEnable() {
    Uart16550 uart = running();
    uart.write(3, 1, 0x80);
    uart.write(0, 1, 0x34);
    uart.write(1, 1, 0x12);
    assertThat(uart.read(0, 1)).isEqualTo(0x34);
    assertThat(uart.read(1, 1)).isEqualTo(0x12);
    uart.write(3, 1, 0x03);
    assertThat(uart.read(1, 1)).isZero();
    assertThat(sent.toString()).isEmpty();
  }

  @Test
  void transmitInterruptRisesWhenEnabledAndAfterEachByte() {
    Uart16550 uart = running();
    uart.write(1, 1, 0x02);
    assertThat(line).isTrue();
    assertThat(uart.read(2, 1)).isEqualTo(0x02);
    assertThat(line).isFalse();
    assertThat(uart.read(2, 1)).isEqualTo(0x01);
    uart.write(0, 1, 'a');
    assertThat(line).isTrue();
    uart.write(0, 1, 'b');
    assertThat(edges).containsExactly(true, false, true, false, true);
    uart.write(1, 1, 0x00);
    assertThat(line).isFalse();
  }

  @Test
  void lineIsGatedByOut2() {
    Uart16550 uart = running();
    uart.write(4, 1, 0x03);
    uart.write(1, 1, 0x02);
    assertThat(line).isFalse();
    uart.write(4, 1, 0x0b);
    assertThat(line).isTrue();
  }

  @Test
  void receiveInterruptThenTimeoutBelowTheTriggerLevel() {
    Uart16550 uart = running();
    uart.write(2, 1, 0x81); // trigger at 8
    uart.write(1, 1, 0x01);
    offer(uart, "123456789");
    assertThat(line).isTrue();
    assertThat(uart.read(2, 1)).isEqualTo(0xc4);
    uart.read(0, 1);
    uart.read(0, 1);
    assertThat(uart.read(2, 1)).isEqualTo(0xcc);
    for (int i = 0; i < 7; i++) {
      assertThat(uart.read(5, 1) & 1).isEqualTo(1);
      uart.read(0, 1);
    }
    assertThat(uart.read(5, 1) & 1).isZero();
    assertThat(line).isFalse();
    assertThat(uart.read(2, 1)).isEqualTo(0xc1);
  }

  @Test
  void loopbackAsLinuxProbesIt() {
    Uart16550 uart = running();
    uart.write(4, 1, 0x10 | 0x0a);
    assertThat(uart.read(6, 1) & 0xf0).isEqualTo(0x90);
    uart.write(0, 1, 'z');
    uart.write(0, 1, 'y');
    assertThat(sent.toString()).isEmpty();
    assertThat(uart.read(5, 1) & 0x03).isEqualTo(0x03); // data, and an overrun without FIFO
    assertThat(uart.read(0, 1)).isEqualTo('z');
    assertThat(uart.read(5, 1) & 0x03).isZero();
    uart.write(4, 1, 0x0b);
    assertThat(uart.read(6, 1) & 0xf0).isEqualTo(0xb0);
  }

  @Test
  void looksLikeA16550A() {
    Uart16550 uart = running();
    uart.write(1, 1, 0xff);
    assertThat(uart.read(1, 1)).isEqualTo(0x0f);
    uart.write(1, 1, 0);
    uart.write(2, 1, 0x01);
    assertThat(uart.read(2, 1) >> 6).isEqualTo(3);
    uart.write(2, 1, 0x00);
    assertThat(uart.read(2, 1) >> 6).isZero();
  }

  @Test
  void pasteOf64KiBLosesNothing() {
    Uart16550 uart = running();
    uart.write(2, 1, 0xc1);
    uart.write(1, 1, 0x01);
    byte[] paste = new byte[65536];
    new Random(1).nextBytes(paste);
    byte[] got = new byte[paste.length];
    int offered = uart.offer(paste, 0, paste.length);
    assertThat(offered).isEqualTo(Uart16550.INPUT_CAPACITY);
    int seen = 0;
    int roomsUsed = 0;
    while (seen < got.length) {
      assertThat(line).as("interrupt while data waits").isTrue();
      got[seen++] = (byte) uart.read(0, 1);
      if (rooms > roomsUsed) {
        roomsUsed = rooms;
        offered += uart.offer(paste, offered, paste.length - offered);
      }
    }
    assertThat(got).isEqualTo(paste);
    assertThat(line).isFalse();
    assertThat(rooms).isLessThan(40);
  }

  @Test
  void clearingTheFifoKeepsWhatIsOnTheWire() {
    Uart16550 uart = running();
    offer(uart, "0123456789abcdefREST");
    uart.write(2, 1, 0x07);
    assertThat(uart.read(0, 1)).isEqualTo('R');
  }

  @Test
  void drivesNoLineWhilePausedAndTheRightOneAfter() {
    Uart16550 uart = running();
    uart.write(1, 1, 0x01);
    uart.pause();
    offer(uart, "x");
    assertThat(line).isFalse();
    uart.resume();
    assertThat(line).isTrue();
  }

  @Test
  void wideAccessesAreUndefined() {
    Uart16550 uart = running();
    uart.write(0, 4, 'a');
    assertThat(sent.toString()).isEmpty();
    assertThat(uart.read(0, 2)).isEqualTo(-1);
  }

  @Test
  void aGuestStopsItsInputByLoweringRts() {
    Uart16550 uart = running();
    uart.write(1, 1, 0x01);
    uart.write(4, 1, 0x09); // DTR and OUT2
    offer(uart, "ab");
    assertThat(line).isFalse();
    assertThat(uart.read(5, 1) & 0x01).isZero();
    assertThat(uart.read(0, 1)).isZero();

    uart.write(4, 1, 0x0b);
    assertThat(line).isTrue();
    assertThat(uart.read(0, 1)).isEqualTo('a');
    uart.write(4, 1, 0x08); // a guest that knows no modem lines
    assertThat(uart.read(0, 1)).isEqualTo('b');
  }
}
