package io.vivarium.images.recipe;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * A host with {@code apt-get} and {@code apt-cache} of its own, shell scripts that serve the few
 * packages which {@link DebianTiny} is made of, and fail as they are told: without a network.
 */
final class FakeDebian {
  static final String KERNEL = "linux-image-6.1.0-0-cloud-amd64";

  private static final String APT_GET =
      """
      #!/bin/sh
      here=@HERE@
      for last; do :; done
      name=${last%%=*}
      how=$(cat "$here/how")
      case " $* " in
      *" update "*)
        echo "Get:1 http://deb.example stable InRelease"
        if [ "$how" = unreachable ]; then
          echo "Err:1 http://deb.example stable InRelease"
          echo "W: Failed to fetch http://deb.example/  Could not resolve 'deb.example'"
          exit 0
        fi
        cp "$here"/lists/* "@LISTS@" || exit 100 ;;
      *" download "*)
        echo "download $name" >>"$here/log"
        if [ "$how" = unreachable ]; then
          echo "E: Failed to fetch http://deb.example/$name.deb  Could not connect to deb.example"
          exit 100
        fi
        file=${name}_1_amd64.deb
        # As apt does: a part is there for a while, under the whole one's name.
        head -c 3000 "$here/pool/$name.deb" >"$file"
        echo "Get:1 http://deb.example stable/main $name"
        [ "$how" != stuck ] || exec tail -f /dev/null
        [ "$how" != foreign ] || { echo other >"$file"; exit 0; }
        cp "$here/pool/$name.deb" "$file" 2>/dev/null || {
          echo "E: Write error - write (28: No space left on device)"
          exit 100
        } ;;
      esac
      """;

  /** The lists are in the private folder that {@code -o Dir::State=...} names. */
  private static final String APT_CACHE =
      """
      #!/bin/sh
      for option; do
        case $option in Dir::State=*) state=${option#Dir::State=} ;; esac
      done
      past=no
      for name; do
        [ $past = no ] || cat "$state/lists/$name.entry" 2>/dev/null
        [ "$name" != --no-all-versions ] || past=yes
      done
      exit 0
      """;

  private final Path folder;

  FakeDebian(Path folder, Path cache) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder.resolve("bin"));
    Files.createDirectories(folder.resolve("pool"));
    Files.createDirectories(folder.resolve("lists"));
    String lists = cache.resolve("apt/lists").toString();
    script("apt-get", APT_GET.replace("@HERE@", folder.toString()).replace("@LISTS@", lists));
    script("apt-cache", APT_CACHE);
    byte[] busybox = new byte[200_000];
    new Random(1).nextBytes(busybox);
    byte[] applets = "\0[\0[[\0mount\0sh\0 ".getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(applets, 0, busybox, 1000, applets.length);
    add("busybox-static", "", Map.of("bin/busybox", busybox));
    Map<String, byte[]> kernel = new TreeMap<>();
    byte[] vmlinuz = new byte[3_000_000];
    new Random(2).nextBytes(vmlinuz);
    kernel.put("boot/vmlinuz-6.1.0-0-cloud-amd64", vmlinuz);
    for (String driver : KernelFiles.ALL_DRIVERS) {
      kernel.put("lib/modules/6.1.0-0-cloud-amd64/" + driver + ".ko", new byte[5000]);
    }
    add(KERNEL, "", kernel);
    add("linux-image-cloud-amd64", "Depends: " + KERNEL + " (= 1)\n", Map.of());
    behave("well");
  }

  private void script(String name, String text) throws IOException {
    Path file = Files.writeString(folder.resolve("bin").resolve(name), text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException("cannot make " + file + " executable");
    }
  }

  private void add(String name, String more, Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(data)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        TarArchiveEntry entry = new TarArchiveEntry("./" + file.getKey());
        entry.setSize(file.getValue().length);
        tar.putArchiveEntry(entry);
        tar.write(file.getValue());
        tar.closeArchiveEntry();
      }
    }
    Path deb = folder.resolve("pool").resolve(name + ".deb");
    try (OutputStream out = Files.newOutputStream(deb);
        ArArchiveOutputStream ar = new ArArchiveOutputStream(out)) {
      ar.putArchiveEntry(new ArArchiveEntry("data.tar", data.size()));
      ar.write(data.toByteArray());
      ar.closeArchiveEntry();
    }
    String sha256 = HexFormat.of().formatHex(digest(Files.readAllBytes(deb)));
    Files.writeString(
        folder.resolve("lists").resolve(name + ".entry"),
        "Package: %s\nVersion: 1\n%sSHA256: %s\n\n".formatted(name, more, sha256));
  }

  private static byte[] digest(byte[] bytes) {
    return io.vivarium.images.store.StoreFiles.newSha256().digest(bytes);
  }

  /**
   * From now on: "well", "unreachable", "stuck" in a download for ever, or "foreign": other bytes
   * come.
   */
  void behave(String how) throws IOException {
    Files.writeString(folder.resolve("how"), how);
  }

  /** Packages in the order in which they were asked for. */
  List<String> downloads() throws IOException {
    Path log = folder.resolve("log");
    List<String> names = new ArrayList<>();
    for (String line : Files.exists(log) ? Files.readAllLines(log) : List.<String>of()) {
      names.add(line.substring("download ".length()));
    }
    return names;
  }

  /** What finds these scripts before the host's own. */
  String path() {
    return folder.resolve("bin") + ":" + System.getenv("PATH");
  }
}
