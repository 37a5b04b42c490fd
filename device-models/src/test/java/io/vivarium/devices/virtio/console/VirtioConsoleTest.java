package io.vivarium.devices.virtio.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.VirtioContract;
import io.vivarium.devices.virtio.testkit.MockDriver;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import io.vivarium.devices.virtio.testkit.MockQueue.Used;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtioConsoleTest extends VirtioContract<VirtioConsole.State, VirtioConsole> {
  private static final class Host implements ConsoleOutput {
    final StringBuilder got = new StringBuilder();
    int limit = Integer.MAX_VALUE;
    int rooms;

    @Override
    public int transmit(byte[] data, int offset, int length) {
      int count = Math.min(length, limit);
      limit -= count;
      got.append(new String(data, offset, count, StandardCharsets.US_ASCII));
      return count;
    }

    @Override
    public void room() {
      rooms++;
    }
  }

  private final Host terminal = new Host();
  private final Host agent = new Host();

  @Override
  protected VirtioConsole create(GuestMemory memory) {
    return new VirtioConsole(
        "console0",
        memory,
        List.of(
            new VirtioConsole.PortSpec("console", true, terminal),
            new VirtioConsole.PortSpec("io.vivarium.agent", false, agent)));
  }

  @Override
  protected int pullQueue() {
    return 1;
  }

  @Override
  protected List<byte[]> requestHeads() {
    return List.of(
        control(0, 0, 1), control(0, 3, 1), control(1, 3, 1), control(1, 6, 1), new byte[100]);
  }

  @Override
  protected void forget() {
    terminal.got.setLength(0);
    agent.got.setLength(0);
  }

  @Override
  protected void exchange(VirtioConsole device, MockDriver driver) {
    terminal.got.setLength(0);
    long text = guest.allocate("login: ".getBytes(StandardCharsets.US_ASCII));
    driver.queue(1).add(Buffer.readable(text, 3), Buffer.readable(text + 3, 4));
    driver.kick(1);
    driver.queue(1).mustCollect();
    assertThat(terminal.got.toString()).isEqualTo("login: ");
  }

  private static byte[] control(int port, int event, int value) {
    return ByteBuffer.allocate(8)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(port)
        .putShort((short) event)
        .putShort((short) value)
        .array();
  }

  private void send(MockDriver driver, int port, int event, int value) {
    driver.queue(3).add(Buffer.readable(guest.allocate(control(port, event, value)), 8));
    driver.kick(3);
    driver.queue(3).mustCollect();
  }

  private long buffers;

  private void giveControlBuffers(MockDriver driver, int count) {
    buffers = guest.allocate(4096);
    for (int i = 0; i < count; i++) {
      driver.queue(2).add(Buffer.writable(buffers + 64L * i, 64));
    }
    driver.kick(2);
  }

  private List<String> controlMessages(MockDriver driver) {
    List<String> messages = new ArrayList<>();
    long at = buffers;
    for (Used used = driver.queue(2).collect(); used != null; used = driver.queue(2).collect()) {
      String message =
          guest.memory().getU32(at)
              + ":"
              + guest.memory().getU16(at + 4)
              + ":"
              + guest.memory().getU16(at + 6);
      byte[] extra = new byte[Math.max(0, used.written() - 8)];
      guest.memory().read(at + 8, extra);
      messages.add(
          extra.length == 0
              ? message
              : message + ":" + new String(extra, StandardCharsets.ISO_8859_1).replace("\0", ""));
      at += 64;
    }
    return messages;
  }

  @Test
  void portsAreAnnouncedAsLinuxExpects() {
    VirtioConsole device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    giveControlBuffers(driver, 20);
    send(driver, 0, 0, 1);
    assertThat(controlMessages(driver)).containsExactly("0:1:1", "1:1:1");
    giveControlBuffers(driver, 20);
    controlMessages(driver);
    guest.freeAll();
    driver.start(-1);
    giveControlBuffers(driver, 20);
    send(driver, 0, 3, 1);
    send(driver, 1, 3, 1);
    assertThat(controlMessages(driver))
        .containsExactly(
            "0:4:1", "0:5:0:P\u0018", "0:6:1", "0:7:1:console", "1:6:1", "1:7:1:io.vivarium.agent");
  }

  @Test
  void messagesWaitForBuffersAlsoThroughASnapshot() throws Exception {
    VirtioConsole device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    send(driver, 0, 0, 1);
    device.pause();
    VirtioConsole other = create(guest.memory());
    other.restore(device.save());
    other.core().restore(device.core().save());
    MockDriver moved = driver.moveTo(other);
    other.core().setTransportRuns(true);
    other.resume();
    giveControlBuffers(moved, 5);
    assertThat(controlMessages(moved)).containsExactly("0:1:1", "1:1:1");
  }

  @Test
  void inputWaitsUntilTheGuestListensAndHasRoom() {
    VirtioConsole device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    byte[] text = "0123456789".getBytes(StandardCharsets.US_ASCII);
    ConsolePort port = device.port(1);
    assertThat(port.offer(text, 0, 10)).isZero();
    send(driver, 1, 6, 1);
    assertThat(agent.rooms).isEqualTo(1);
    assertThat(port.offer(text, 0, 10)).isZero();
    long buffer = guest.allocate(64);
    driver.queue(4).add(Buffer.writable(buffer, 4));
    driver.kick(4);
    assertThat(agent.rooms).isEqualTo(2);
    assertThat(port.offer(text, 0, 10)).isEqualTo(4);
    assertThat(driver.queue(4).mustCollect().written()).isEqualTo(4);
    driver.queue(4).add(Buffer.writable(buffer, 3), Buffer.writable(buffer + 8, 20));
    driver.kick(4);
    assertThat(port.offer(text, 4, 6)).isEqualTo(6);
    assertThat(driver.queue(4).mustCollect().written()).isEqualTo(6);
    assertThat(guest.memory().getU8(buffer + 10)).isEqualTo('9');
    assertThat(agent.rooms).isEqualTo(3);
    send(driver, 1, 6, 0);
    assertThat(port.guestOpen()).isFalse();
  }

  @Test
  void outputThatTheHostDoesNotTakeWaits() throws Exception {
    VirtioConsole device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    long text = guest.allocate("abcdefghij".getBytes(StandardCharsets.US_ASCII));
    terminal.limit = 4;
    driver.queue(1).add(Buffer.readable(text, 10));
    driver.queue(1).add(Buffer.readable(text, 2));
    driver.kick(1);
    assertThat(driver.queue(1).hasUsed()).isFalse();
    assertThat(terminal.got.toString()).isEqualTo("abcd");
    device.pause();
    VirtioConsole other = create(guest.memory());
    other.restore(device.save());
    other.core().restore(device.core().save());
    MockDriver moved = driver.moveTo(other);
    other.core().setTransportRuns(true);
    other.resume();
    terminal.limit = 100;
    other.port(0).continueOutput();
    assertThat(terminal.got.toString()).isEqualTo("abcdefghijab");
    moved.queue(1).mustCollect();
    moved.queue(1).mustCollect();
  }

  @Test
  void withoutMultiportThereIsOnePortAndItIsOpen() {
    VirtioConsole device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(0);
    driver.queue(0).add(Buffer.writable(guest.allocate(16), 16));
    assertThat(device.port(0).offer(new byte[3], 0, 3)).isEqualTo(3);
    device.port(0).resize(132, 50);
    assertThat(device.readConfig(0, 2)).isEqualTo(132);
    assertThat(driver.configInterrupts()).isEqualTo(1);
  }

  @Test
  void emergencyWritesNeedNoQueues() {
    VirtioConsole device = create(guest.memory());
    device.writeConfig(8, 4, '!');
    assertThat(terminal.got.toString()).isEqualTo("!");
  }

  @Test
  void aDriverThatTakesNoAnswersPilesUpNothing() {
    VirtioConsole device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    for (int i = 0; i < 1000; i++) {
      send(driver, 0, 3, 1);
      guest.freeAll();
      guest.allocate(64 << 10);
    }
    assertThat(device.save().pending()).hasSizeLessThanOrEqualTo(128);
  }
}
