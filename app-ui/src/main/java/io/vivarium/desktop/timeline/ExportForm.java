package io.vivarium.desktop.timeline;

import io.vivarium.client.Disks;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Shell;
import io.vivarium.desktop.ui.Texts;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import javafx.beans.binding.Bindings;
import javafx.scene.Node;
import javafx.scene.control.ChoiceBox;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.stage.FileChooser;

/** Asks which disk goes into which file, and writes it: as a new file, which a failure removes. */
final class ExportForm {
  private final Desk desk;
  private final Texts texts;

  ExportForm(Desk desk) {
    this.desk = desk;
    this.texts = desk.texts();
  }

  void open(String vm, SnapshotInfo which, List<DiskSpec> disks) {
    if (disks.isEmpty()) {
      desk.toasts().show(texts.get("export.none", vm));
      return;
    }
    ChoiceBox<Integer> disk = Nodes.id(new ChoiceBox<>(), "export-disk");
    for (int place = 0; place < disks.size(); place++) {
      disk.getItems().add(place);
    }
    disk.setConverter(
        new javafx.util.StringConverter<>() {
          @Override
          public String toString(Integer place) {
            return place == null
                ? ""
                : Disks.guestName(place) + " · " + Format.bytes(disks.get(place).sizeBytes());
          }

          @Override
          public Integer fromString(String text) {
            return 0;
          }
        });
    disk.setValue(0);
    ChoiceBox<String> format = Nodes.id(new ChoiceBox<>(), "export-format");
    format.getItems().addAll("qcow2", "raw");
    format.setValue("qcow2");
    TextField file = Nodes.id(new TextField(), "export-file");
    Path home = Path.of(System.getProperty("user.home"));
    file.setText(home.resolve(vm + "-" + which.name() + ".qcow2").toString());
    format
        .valueProperty()
        .subscribe(
            kind -> file.setText(file.getText().replaceFirst("\\.(qcow2|raw)$", "." + kind)));
    HBox.setHgrow(file, Priority.ALWAYS);
    Node body =
        Nodes.column(
            "fields",
            Nodes.row("", field("export.disk", disk), field("export.format", format)),
            field(
                "export.file",
                Nodes.row(
                    "",
                    file,
                    Nodes.button(texts.get("wizard.browse"), Icons.FOLDER, () -> browse(file)))));
    desk.dialogs()
        .form(
            texts.get("export.title", which.name()),
            body,
            file,
            Bindings.createStringBinding(() -> problem(file.getText()), file.textProperty()),
            texts.get("export.yes"),
            () -> export(vm, which, disk.getValue(), format.getValue(), Path.of(file.getText())));
  }

  private Node field(String key, Node control) {
    return Nodes.column("field", Nodes.label(texts.get(key), "field-label"), control);
  }

  private static void browse(TextField file) {
    FileChooser chooser = new FileChooser();
    File now = new File(file.getText());
    chooser.setInitialFileName(now.getName());
    File chosen = chooser.showSaveDialog(file.getScene().getWindow());
    if (chosen != null) {
      file.setText(chosen.getAbsolutePath());
    }
  }

  private String problem(String text) {
    try {
      Path file = Path.of(text);
      Path folder = file.getParent();
      if (!file.isAbsolute() || folder == null) {
        return texts.get("wizard.file.relative");
      }
      if (Files.exists(file)) {
        return texts.get("export.exists", file.getFileName());
      }
      return Files.isDirectory(folder) ? "" : texts.get("export.folder", folder);
    } catch (InvalidPathException e) {
      return texts.get("wizard.file.relative");
    }
  }

  private void export(String vm, SnapshotInfo which, int place, String format, Path file) {
    desk.jobs()
        .run(
            texts.get("job.export", which.name(), file.getFileName()),
            "viv snapshot export "
                + vm
                + " "
                + which.name()
                + " --disk "
                + Disks.guestName(place)
                + " --format "
                + format
                + " -o "
                + Shell.quoted(file.toString()),
            progress -> {
              boolean whole = false;
              try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)) {
                desk.vivarium().exportDisk(vm, which.id(), place, format, out, progress);
                whole = true;
              } catch (IOException e) {
                throw new VivariumException(
                    Kind.HOST,
                    texts.get("export.failed", file, String.valueOf(e.getMessage())),
                    texts.get("export.failed.cure"),
                    e);
              } finally {
                if (!whole) {
                  forget(file);
                }
              }
            },
            () -> desk.toasts().show(texts.get("export.done", file)));
  }

  private static void forget(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      System.getLogger(ExportForm.class.getName())
          .log(System.Logger.Level.DEBUG, "Left behind: " + file, e);
    }
  }
}
