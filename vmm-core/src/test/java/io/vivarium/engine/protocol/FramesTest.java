package io.vivarium.engine.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class FramesTest {
  /** Gives bytes in pieces of random size, and keeps what is written. */
  private static final class Pieces implements ByteChannel {
    private final ByteBuffer input;
    private final Random random = new Random(5);

    Pieces(byte[] input) {
      this.input = ByteBuffer.wrap(input);
    }

    @Override
    public int read(ByteBuffer target) {
      if (!input.hasRemaining()) {
        return -1;
      }
      int count =
          Math.min(Math.min(target.remaining(), input.remaining()), 1 + random.nextInt(999));
      target.put(input.slice(input.position(), count));
      input.position(input.position() + count);
      return count;
    }

    @Override
    public int write(ByteBuffer source) {
      return 0;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  private static Frames frames(String text) {
    return new Frames(new Pieces(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void messagesOfAnySizeComeWholeAndInOrder() throws Exception {
    StringBuilder text = new StringBuilder();
    Random random = new Random(7);
    int[] sizes = new int[200];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = random.nextInt(i % 20 == 0 ? 200_000 : 500);
      text.append(new JsonObject().put("n", i).put("pad", "x".repeat(sizes[i]))).append("\n\r\n\n");
    }
    Frames frames = frames(text.toString());
    for (int i = 0; i < sizes.length; i++) {
      JsonObject message = Objects.requireNonNull(frames.receive());
      assertThat(message.number("n", 0, 1000)).isEqualTo(i);
      assertThat(message.string("pad")).hasSize(sizes[i]);
    }
    assertThat(frames.receive()).isNull();
  }

  @Test
  void aMessageThatIsTooLongEndsIt() {
    Frames frames = frames("x".repeat(Frames.MAX_FRAME + 10) + "\n");
    assertThatThrownBy(frames::receive)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("longer");
  }

  @Test
  void aBrokenMessageIsToldAndTheNextOneIsRead() throws Exception {
    Frames frames =
        frames(
            "nonsense\n{\"a\":1}{\"b\":2}\n[1]\n{\"a\":1,\"a\":2}\n"
                + "{\"x\":".repeat(100)
                + "\n{\"n\":1e999}\n{\"ok\":true}\n");
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(frames::receive).isInstanceOf(JsonException.class);
    }
    assertThat(frames.receive()).isNotNull();
    JsonObject message = Objects.requireNonNull(frames.receive());
    assertThat(message.bool("ok")).isTrue();
  }

  @Test
  void anEndInTheMiddleOfAMessageIsAnError() {
    assertThatThrownBy(frames("{\"a\":1")::receive).hasMessageContaining("middle");
  }
}
