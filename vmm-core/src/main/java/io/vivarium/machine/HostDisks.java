package io.vivarium.machine;

import io.vivarium.images.disk.DirectFile;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.RawDisk;
import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import io.vivarium.linux.Errno;
import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Opens disk files of this host for machines, with what only the host can: giving space back. */
public final class HostDisks {
  private HostDisks() {}

  /**
   * Opens a disk file.
   *
   * @param format "raw" or "qcow2"; never guessed
   * @param backing the folder inside which a qcow2's backing files must lie; null: it may have none
   * @throws IOException also when the file is locked by another writer, or damaged
   */
  public static Disk open(Path file, String format, boolean readOnly, @Nullable Path backing)
      throws IOException {
    return switch (format) {
      case "raw" -> RawDisk.open(file, readOnly, HostDisks::holes);
      case "qcow2" ->
          Qcow2Disk.open(
              file,
              readOnly,
              backing == null ? BackingFiles.none() : BackingFiles.inside(backing),
              HostDisks::holes);
      default -> throw new IOException("disk %s: no format '%s'".formatted(file, format));
    };
  }

  /**
   * Opens a raw disk file whose reads and writes go around the host's cache (O_DIRECT, open(2)).
   *
   * @throws IOException also when its file system cannot do that
   */
  public static Disk openDirect(Path file, boolean readOnly) throws IOException {
    return RawDisk.open(file, readOnly, HostDisks::holes, HostDisks::direct);
  }

  private static DirectFile direct(Path file, boolean readOnly) throws IOException {
    int block = Math.toIntExact(Files.getFileStore(file).getBlockSize());
    Fd fd;
    try {
      fd = Fd.open(file.toString(), (readOnly ? Fd.O_RDONLY : Fd.O_RDWR) | Fd.O_DIRECT, 0);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EINVAL) {
        throw e;
      }
      throw new IOException(
          "The file system of disk image %s cannot go around the host's cache.".formatted(file)
              + " Leave out the option direct.",
          e);
    }
    return new DirectFile() {
      @Override
      public int block() {
        return block;
      }

      @Override
      public long read(long offset, MemorySegment target) throws IOException {
        return fd.pread(target, offset);
      }

      @Override
      public long write(long offset, MemorySegment source) throws IOException {
        return fd.pwrite(source, offset);
      }

      @Override
      public void close() {
        fd.close();
      }
    };
  }

  private static HolePunch holes(Path file) throws IOException {
    Fd fd = Fd.open(file.toString(), Fd.O_RDWR, 0);
    return new HolePunch() {
      @Override
      public boolean punch(long offset, long length) throws IOException {
        try {
          LinuxFiles.punchHole(fd, offset, length);
          return true;
        } catch (ErrnoException e) {
          if (e.errno() == Errno.EOPNOTSUPP) {
            return false;
          }
          throw e;
        }
      }

      @Override
      public void close() {
        fd.close();
      }
    };
  }
}
