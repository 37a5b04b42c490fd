package io.vivarium.desktop.wizard;

import io.vivarium.client.ImageInfo;
import io.vivarium.client.Progress;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.ui.Console;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javafx.beans.binding.Bindings;
import javafx.collections.ListChangeListener;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/**
 * Stands in place of the form while the VM is made: image built if need be, booted once for a warm
 * start, VM created and started, with the boot log in view. The VM is created last, so that calling
 * it off leaves no VM behind.
 */
final class LaunchView extends VBox {
  private static final int LOG_LINES = 200;

  private final Desk desk;
  private final Texts texts;
  private final VmSpec spec;
  private final @Nullable DiskSpec imported;
  private final String command;
  private final boolean andStart;
  private final Label step = Nodes.label("", "launch-step");
  private final ProgressBar bar = new ProgressBar(ProgressBar.INDETERMINATE_PROGRESS);
  private final Label log = Nodes.label("", "launch-log");
  private final Button cancel;
  private volatile boolean created;
  private volatile boolean wasWarm;
  private @Nullable Job job;

  /**
   * @param imported a disk file that is copied, or null
   */
  LaunchView(
      Desk desk, VmSpec spec, @Nullable DiskSpec imported, String command, boolean andStart) {
    this.desk = desk;
    this.texts = desk.texts();
    this.spec = spec;
    this.imported = imported;
    this.command = command;
    this.andStart = andStart;
    getStyleClass().addAll("column", "page", "launch");
    setId("launch");
    bar.setMaxWidth(Double.MAX_VALUE);
    cancel = Nodes.id(Nodes.button(texts.get("verb.cancel"), this::cancel), "launch-cancel");
    VBox logBox = Nodes.column("launch-screen", log);
    VBox.setVgrow(logBox, javafx.scene.layout.Priority.ALWAYS);
    getChildren()
        .addAll(
            Nodes.row(
                "page-head",
                Nodes.label(texts.get("launch.title", spec.name()), "page-title"),
                Nodes.spacer(),
                cancel),
            Nodes.column("launch-progress", bar, step),
            logBox,
            Nodes.paragraph(texts.get("launch.text"), "muted"));
  }

  void cancel() {
    if (job != null) {
      job.cancel();
      cancel.setDisable(true);
      cancel.setText(texts.get("job.cancelling"));
    }
  }

  /** Begins; one of the two is told at the end. */
  void run(Consumer<String> made, Runnable notMade) {
    Job newJob =
        desk.jobs()
            .call(
                texts.get(andStart ? "job.createStart" : "job.create", spec.name()),
                command,
                this::make,
                info -> {
                  remember();
                  desk.vms().refresh();
                  made.accept(info.name());
                });
    job = newJob;
    step.textProperty().bind(newJob.stepProperty());
    bar.progressProperty().bind(Bindings.max(-1, newJob.fractionProperty()));
    newJob.lines().addListener((ListChangeListener<String>) change -> showLog(newJob));
    newJob
        .stateProperty()
        .subscribe(
            state -> {
              if (state == Job.State.FAILED || state == Job.State.CANCELLED) {
                desk.vms().refresh();
                if (created) {
                  made.accept(spec.name());
                } else {
                  notMade.run();
                }
              }
            });
  }

  /** How long a warm start took, for the next wizard's summary. */
  private void remember() {
    Job done = job;
    String image = spec.image();
    if (andStart && wasWarm && imported == null && done != null && image != null) {
      desk.state()
          .setStartMillis(
              image, Duration.between(done.startedAt(), desk.clock().instant()).toMillis());
    }
  }

  private void showLog(Job of) {
    var lines = of.lines();
    int from = Math.max(0, lines.size() - LOG_LINES);
    log.setText(Console.plain(String.join("\n", lines.subList(from, lines.size())), 30));
  }

  /** All of it, in the background. */
  private VmInfo make(Progress progress) throws VivariumException {
    Vivarium vivarium = desk.vivarium();
    String image = spec.image();
    if (image != null) {
      wasWarm = has(vivarium, image, ImageInfo::warm);
      if (!has(vivarium, image, ImageInfo::built)) {
        vivarium.buildImage(image, progress);
        stopIfCancelled(progress);
      }
      if (andStart && imported == null) { // with a disk of its own it boots
        vivarium.prepareWarm(spec, progress);
        stopIfCancelled(progress);
      }
    }
    VmInfo made =
        imported == null
            ? vivarium.create(spec, progress)
            : vivarium.importDisk(spec, imported, progress);
    created = true;
    if (!andStart) {
      return made;
    }
    try {
      stopIfCancelled(progress);
      return vivarium.start(made.name(), true, progress);
    } catch (VivariumException e) {
      if (e.kind() == VivariumException.Kind.CANCELLED) {
        vivarium.remove(made.name(), true);
        created = false;
      }
      throw e;
    }
  }

  private static boolean has(Vivarium vivarium, String image, Predicate<ImageInfo> property)
      throws VivariumException {
    return vivarium.images().stream().filter(info -> info.name().equals(image)).anyMatch(property);
  }

  private void stopIfCancelled(Progress progress) throws VivariumException {
    if (progress.cancelled()) {
      throw new VivariumException(VivariumException.Kind.CANCELLED, texts.get("job.cancelled"), "");
    }
  }
}
