package io.vivarium.images.recipe;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * Writes an initial RAM file system as an uncompressed cpio archive of the "newc" format (Linux,
 * Documentation/driver-api/early-userspace/buffer-format.rst). Uncompressed, because unpacking
 * costs more than copying where the guest's kernel is interpreted. The same calls give the same
 * bytes: no times, all owned by root. A folder is added before what is in it, once.
 */
final class Initramfs implements AutoCloseable {
  private final CpioArchiveOutputStream cpio;
  private final Set<String> folders = new HashSet<>();
  private int inode = 1;

  Initramfs(Path file) throws IOException {
    cpio =
        new CpioArchiveOutputStream(
            new BufferedOutputStream(Files.newOutputStream(file), 1 << 16),
            CpioConstants.FORMAT_NEW,
            512,
            StandardCharsets.UTF_8.name());
  }

  /**
   * @param path without a leading slash
   * @param mode permissions, such as 0755
   */
  void file(String path, byte[] content, int mode) throws IOException {
    add(path, CpioConstants.C_ISREG | mode, content, 0, 0);
  }

  void folder(String path, int mode) throws IOException {
    if (folders.add(path)) {
      add(path, CpioConstants.C_ISDIR | mode, new byte[0], 0, 0);
    }
  }

  void link(String path, String target) throws IOException {
    add(path, CpioConstants.C_ISLNK | 0777, target.getBytes(StandardCharsets.UTF_8), 0, 0);
  }

  void characterDevice(String path, int mode, int major, int minor) throws IOException {
    add(path, CpioConstants.C_ISCHR | mode, new byte[0], major, minor);
  }

  private void add(String path, int mode, byte[] content, int major, int minor) throws IOException {
    int slash = path.lastIndexOf('/');
    if (slash > 0) {
      folder(path.substring(0, slash), 0755);
    }
    CpioArchiveEntry entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, path);
    entry.setInode(inode++);
    entry.setMode(Integer.toUnsignedLong(mode));
    entry.setNumberOfLinks(1);
    entry.setTime(0);
    entry.setUID(0);
    entry.setGID(0);
    entry.setRemoteDeviceMaj(major);
    entry.setRemoteDeviceMin(minor);
    entry.setSize(content.length);
    cpio.putArchiveEntry(entry);
    cpio.write(content);
    cpio.closeArchiveEntry();
  }

  @Override
  public void close() throws IOException {
    cpio.close();
  }
}
