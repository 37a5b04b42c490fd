package io.vivarium.machine;

import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/**
 * The checksums of a saved machine, file {@code memory.sums}, little-endian: magic, version, chunk
 * size, RAM size, length and CRC32C of {@code state.json}, number of chunks, the CRC32C of each
 * chunk of {@code memory}, at last the CRC32C of all before. A hole counts as zeroes.
 *
 * @param memoryBytes size of the memory file
 * @param stateLength length of the state file in bytes
 * @param stateCrc its CRC32C
 * @param chunks the CRC32C of each mebibyte of the memory file
 */
record MemorySums(long memoryBytes, long stateLength, int stateCrc, List<Integer> chunks) {
  static final String NAME = "memory.sums";
  static final int CHUNK = 1 << 20;

  private static final byte[] MAGIC = "VIVASUMS".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int HEADER = 40;
  private static final int ZERO_CHUNK = crc(ByteBuffer.allocate(CHUNK));
  private static final int MAX_BYTES = 128 << 20;

  /** Reads the files of a save back and sums them up. */
  static MemorySums of(Path folder, byte[] state) throws IOException {
    Path memory = folder.resolve(MemoryFile.NAME);
    long size = Files.size(memory);
    int count = Math.toIntExact(size / CHUNK);
    Integer[] sums = new Integer[count];
    eachChunk(memory, count, (i, sum) -> sums[i] = sum);
    return new MemorySums(size, state.length, crc(ByteBuffer.wrap(state)), List.of(sums));
  }

  void write(Path folder) throws IOException {
    ByteBuffer file =
        ByteBuffer.allocate(HEADER + 4 * chunks.size() + 4).order(ByteOrder.LITTLE_ENDIAN);
    file.put(MAGIC).putInt(VERSION).putInt(CHUNK).putLong(memoryBytes);
    file.putLong(stateLength).putInt(stateCrc).putInt(chunks.size());
    chunks.forEach(file::putInt);
    file.putInt(crc(file.duplicate().flip()));
    file.flip();
    try (FileChannel channel =
        FileChannel.open(
            folder.resolve(NAME), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      while (file.hasRemaining()) {
        channel.write(file);
      }
      channel.force(true);
    }
  }

  static MemorySums read(Path folder) throws IOException, BadSnapshotException {
    Path path = folder.resolve(NAME);
    if (!Files.exists(path)) {
      throw new BadSnapshotException(path + " is missing: the save was never finished.");
    }
    long length = Files.size(path);
    if (length < HEADER + 4 || length > MAX_BYTES) {
      throw new BadSnapshotException("%s has %d bytes; it is damaged.".formatted(path, length));
    }
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[MAGIC.length];
    file.get(magic);
    if (!Arrays.equals(magic, MAGIC)) {
      throw new BadSnapshotException(path + " is not a file of checksums.");
    }
    int version = file.getInt();
    if (version != VERSION) {
      throw new BadSnapshotException(
          "%s has version %d; this program reads %d.".formatted(path, version, VERSION));
    }
    int end = file.limit() - 4;
    if (crc(file.duplicate().position(0).limit(end)) != file.getInt(end)) {
      throw new BadSnapshotException(path + " is damaged: its own checksum is wrong.");
    }
    int chunkSize = file.getInt();
    long memoryBytes = file.getLong();
    long stateLength = file.getLong();
    int stateCrc = file.getInt();
    int count = file.getInt();
    if (chunkSize != CHUNK || count != (end - HEADER) / 4 || memoryBytes != (long) count * CHUNK) {
      throw new BadSnapshotException(path + " is damaged: its sizes contradict each other.");
    }
    List<Integer> chunks = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      chunks.add(file.getInt());
    }
    return new MemorySums(memoryBytes, stateLength, stateCrc, chunks);
  }

  /** Checks that the memory file is there and has its size, without which it must not be mapped. */
  void verifySize(Path folder) throws IOException, BadSnapshotException {
    Path memory = folder.resolve(MemoryFile.NAME);
    if (!Files.isRegularFile(memory)) {
      throw new BadSnapshotException(memory + " is missing.");
    }
    long size = Files.size(memory);
    if (size != memoryBytes) {
      throw new BadSnapshotException(
          "%s has %d bytes instead of %d: it was cut or exchanged."
              .formatted(memory, size, memoryBytes));
    }
  }

  /** Checks the memory file's contents; holes are not read. */
  void verifyMemory(Path folder) throws IOException, BadSnapshotException {
    verifySize(folder);
    Path memory = folder.resolve(MemoryFile.NAME);
    AtomicLong wrong = new AtomicLong(-1);
    eachChunk(
        memory,
        chunks.size(),
        (i, sum) -> {
          if (sum != chunks.get(i)) {
            wrong.set(i);
          }
        });
    if (wrong.get() >= 0) {
      throw new BadSnapshotException(
          "%s is damaged: the checksum of MiB %d is wrong.".formatted(memory, wrong.get()));
    }
  }

  void verifyState(Path file, byte[] state) throws BadSnapshotException {
    if (state.length != stateLength || crc(ByteBuffer.wrap(state)) != stateCrc) {
      throw new BadSnapshotException(file + " is damaged: its checksum is wrong.");
    }
  }

  private interface ChunkSink {
    void sum(int index, int crc);
  }

  /** Sums all chunks up, with two threads: more would wait for memory. */
  private static void eachChunk(Path memory, int count, ChunkSink sink) throws IOException {
    AtomicInteger next = new AtomicInteger();
    IOException[] failure = new IOException[1];
    try (Fd fd = Fd.open(memory.toString(), Fd.O_RDONLY | Fd.O_CLOEXEC, 0);
        FileChannel file = FileChannel.open(memory, StandardOpenOption.READ)) {
      Thread helper =
          Thread.ofPlatform()
              .name("checksums")
              .start(
                  () -> {
                    try {
                      sumChunks(file, fd, next, count, sink);
                    } catch (IOException e) {
                      failure[0] = e;
                    }
                  });
      try {
        sumChunks(file, fd, next, count, sink);
      } finally {
        join(helper);
      }
    }
    if (failure[0] != null) {
      throw failure[0];
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void sumChunks(
      FileChannel file, Fd fd, AtomicInteger next, int count, ChunkSink sink) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
    for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
      long start = (long) i * CHUNK;
      long data = LinuxFiles.seekData(fd, start);
      if (data < 0 || data >= start + CHUNK) {
        sink.sum(i, ZERO_CHUNK);
        continue;
      }
      chunk.clear();
      while (chunk.hasRemaining()) {
        if (file.read(chunk, start + chunk.position()) < 0) {
          throw new IOException("the memory file became shorter");
        }
      }
      sink.sum(i, crc(chunk.flip()));
    }
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
