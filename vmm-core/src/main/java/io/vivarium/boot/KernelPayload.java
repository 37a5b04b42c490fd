package io.vivarium.boot;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The compressed vmlinux inside a bzImage: found by the header, or by its magic number when the
 * protocol is older than 2.08, and unpacked. Its last four bytes tell the unpacked size, for every
 * method (arch/x86/boot/compressed/Makefile, "size_append").
 */
final class KernelPayload {
  /** The methods that Linux's build knows, but LZO, and the magic numbers they begin with. */
  enum Method {
    GZIP("1f8b08"),
    XZ("fd377a585a00"),
    ZSTD("28b52ffd"),
    LZ4("02214c18"),
    BZIP2("425a68"),
    LZMA("5d0000"),
    NONE("7f454c46");

    private final String magic;

    Method(String magic) {
      this.magic = magic;
    }

    boolean begins(MemorySegment data, long offset) {
      MemorySegment expected = MemorySegment.ofArray(HexFormat.of().parseHex(magic));
      return data.byteSize() - offset >= expected.byteSize()
          && data.asSlice(offset, expected.byteSize()).mismatch(expected) == -1;
    }
  }

  /** Larger kernels are refused before anything is allocated. */
  static final long MAX_UNPACKED_BYTES = 1L << 29;

  private KernelPayload() {}

  /** Unpacks the payload into memory of the arena. */
  static ImageBytes unpack(ImageBytes image, SetupHeader header, Arena arena)
      throws BadKernelException {
    MemorySegment payload = find(image, header);
    Method method = method(payload, 0);
    String name = "The kernel in " + image.name();
    if (method == null) {
      throw new BadKernelException(
          image.name() + " is packed in a way that is not known (not gzip, xz, zstd, LZ4, bzip2).");
    }
    if (method == Method.NONE) {
      return new ImageBytes(name, payload);
    }
    long size = new ImageBytes(name, payload).u32(payload.byteSize() - 4, "unpacked size");
    if (size == 0 || size > MAX_UNPACKED_BYTES) {
      throw new BadKernelException(
          "%s says that it unpacks to %d bytes; at most %d are allowed."
              .formatted(name, size, MAX_UNPACKED_BYTES));
    }
    // A lying size must not cost memory before the data bear it out: 255:1 is LZ4's best, and a
    // kernel is far from the 1000:1 that the others can reach.
    if (size / 512 > payload.byteSize()) {
      throw new BadKernelException(
          "%s says that %d bytes unpack to %d, which no kernel does."
              .formatted(name, payload.byteSize(), size));
    }
    MemorySegment target = arena.allocate(size);
    try {
      if (method == Method.LZ4) {
        LegacyLz4.unpack(payload.asSlice(0, payload.byteSize() - 4), target);
      } else {
        fill(open(method, payload), target);
      }
    } catch (IOException | RuntimeException broken) {
      // Libraries answer hostile input with exceptions of many kinds; all mean the same here.
      throw new BadKernelException(
          "%s cannot be unpacked (%s): %s.".formatted(name, method, broken.getMessage()), broken);
    }
    return new ImageBytes(name, target);
  }

  private static MemorySegment find(ImageBytes image, SetupHeader header)
      throws BadKernelException {
    if (header.payloadLength() > 0) {
      MemorySegment payload =
          image.slice(
              header.protectedModeOffset() + header.payloadOffset(),
              header.payloadLength(),
              "payload");
      if (payload.byteSize() < 16) {
        throw new BadKernelException(
            "The payload of %s has only %d bytes.".formatted(image.name(), payload.byteSize()));
      }
      return payload;
    }
    for (long at = header.protectedModeOffset(); at + 16 <= image.size(); at++) {
      Method method = method(image.data(), at);
      if (method == Method.GZIP || method == Method.XZ || method == Method.LZ4) {
        return image.data().asSlice(at);
      }
    }
    throw new BadKernelException(image.name() + " has no packed kernel in it.");
  }

  private static @Nullable Method method(MemorySegment data, long offset) {
    for (Method method : Method.values()) {
      if (method.begins(data, offset)) {
        return method;
      }
    }
    return null;
  }

  private static InputStream open(Method method, MemorySegment payload) throws IOException {
    InputStream raw =
        new BufferedInputStream(new SegmentInputStream(payload.asByteBuffer()), 65536);
    return switch (method) {
      case GZIP -> new GZIPInputStream(raw, 65536);
      case XZ -> new XZInputStream(raw, 1 << 16);
      case ZSTD -> new com.github.luben.zstd.ZstdInputStream(raw);
      case BZIP2 -> new BZip2CompressorInputStream(raw);
      case LZMA -> new LZMAInputStream(raw, 1 << 16);
      case LZ4, NONE -> throw new AssertionError(method);
    };
  }

  private static void fill(InputStream source, MemorySegment target) throws IOException {
    try (source) {
      byte[] block = new byte[1 << 16];
      long at = 0;
      while (at < target.byteSize()) {
        int count = source.read(block, 0, (int) Math.min(block.length, target.byteSize() - at));
        if (count < 0) {
          throw new IOException("it ends after %d of %d bytes".formatted(at, target.byteSize()));
        }
        MemorySegment.copy(block, 0, target, ValueLayout.JAVA_BYTE, at, count);
        at += count;
      }
    }
  }

  /** A buffer as a stream. */
  private static final class SegmentInputStream extends InputStream {
    private final ByteBuffer buffer;

    SegmentInputStream(ByteBuffer buffer) {
      this.buffer = buffer;
    }

    @Override
    public int read() {
      return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      if (length == 0) {
        return 0;
      }
      if (!buffer.hasRemaining()) {
        return -1;
      }
      int count = Math.min(length, buffer.remaining());
      buffer.get(target, offset, count);
      return count;
    }

    @Override
    public int available() {
      return buffer.remaining();
    }
  }
}
