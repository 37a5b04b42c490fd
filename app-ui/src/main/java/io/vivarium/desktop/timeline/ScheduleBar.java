package io.vivarium.desktop.timeline;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.SnapshotSchedule;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Narrow;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.List;
import java.util.function.Supplier;
import javafx.animation.PauseTransition;
import javafx.scene.control.Label;
import javafx.scene.control.Slider;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.util.Duration;

/** How often a VM is snapshotted by itself: a slider, and what that comes to. */
final class ScheduleBar extends HBox {
  /** Minutes; 0 is off. */
  private static final int[] STEPS = {0, 1440, 720, 360, 180, 60, 30, 15, 10, 5, 2, 1};

  /** The slider rests so long before what it shows is kept. */
  private static final Duration REST = Duration.millis(700);

  /** Width in em below which there is no room for the cost. */
  private static final double ROOM_FOR_COST = 56;

  private final Desk desk;
  private final Texts texts;
  private final Supplier<String> vm;
  private final Slider slider = Nodes.id(new Slider(0, STEPS.length - 1, 0), "schedule");
  private final Label pace = Nodes.id(Nodes.label("", "schedule-pace"), "schedule-pace");
  private final Label cost = Nodes.id(Nodes.paragraph("", "muted", "small-text"), "schedule-cost");
  private final PauseTransition rest = new PauseTransition(REST);
  private List<SnapshotInfo> known = List.of();
  private SnapshotSchedule schedule = SnapshotSchedule.DEFAULT;
  private boolean showing;

  ScheduleBar(Desk desk, Supplier<String> vm) {
    this.desk = desk;
    this.texts = desk.texts();
    this.vm = vm;
    getStyleClass().addAll("row", "schedule-bar");
    slider.setMajorTickUnit(1);
    slider.setMinorTickCount(0);
    slider.setSnapToTicks(true);
    slider.setBlockIncrement(1);
    slider.setAccessibleText(texts.get("schedule.title"));
    rest.setOnFinished(e -> keep());
    slider
        .valueProperty()
        .subscribe(
            value -> {
              if (!showing) {
                schedule = schedule.every(STEPS[(int) Math.round(value.doubleValue())]);
                write();
                rest.playFromStart();
              }
            });
    rest.stop();
    cost.setMinHeight(0);
    cost.setMaxWidth(Double.MAX_VALUE);
    Narrow.watch(this, ROOM_FOR_COST, narrow -> Nodes.visible(cost, !narrow));
    HBox.setHgrow(cost, Priority.ALWAYS);
    getChildren()
        .addAll(
            Icons.of(Icons.AUTOMATIC, "muted-icon"),
            Nodes.whole(Nodes.label(texts.get("schedule.title"))),
            slider,
            pace,
            cost,
            Nodes.id(
                Nodes.iconButton(texts.get("schedule.more"), Icons.SETTINGS, this::edit),
                "schedule-more"));
    write();
  }

  /** Reads the schedule again, unless it is being changed. */
  void refresh() {
    if (rest.getStatus() == javafx.animation.Animation.Status.RUNNING || slider.isValueChanging()) {
      return;
    }
    String name = vm.get();
    desk.jobs().read(() -> desk.vivarium().schedule(name), this::show, why -> {});
  }

  /** The snapshots by which the cost is judged. */
  void judgeBy(List<SnapshotInfo> snapshots) {
    known = snapshots;
    write();
  }

  private void show(SnapshotSchedule now) {
    schedule = now;
    showing = true;
    slider.setValue(nearest(now.everyMinutes()));
    showing = false;
    write();
  }

  private static int nearest(int minutes) {
    int best = 0;
    for (int i = 1; i < STEPS.length; i++) {
      if (minutes > 0
          && (best == 0 || Math.abs(STEPS[i] - minutes) < Math.abs(STEPS[best] - minutes))) {
        best = i;
      }
    }
    return best;
  }

  private void write() {
    int minutes = schedule.everyMinutes();
    pace.setText(pace(minutes));
    ScheduleCost comes = ScheduleCost.of(schedule, known);
    cost.setText(
        minutes == 0
            ? texts.get("schedule.off.text")
            : comes.bytes() == 0
                ? texts.get("schedule.count", comes.count())
                : texts.get("schedule.cost", comes.count(), Format.bytes(comes.bytes())));
  }

  private String pace(int minutes) {
    if (minutes == 0) {
      return texts.get("schedule.off");
    }
    return minutes % 60 == 0
        ? texts.get("schedule.hours", minutes / 60)
        : texts.get("schedule.minutes", minutes);
  }

  private void keep() {
    set(schedule);
  }

  private void edit() {
    new ScheduleForm(texts, schedule)
        .open(desk.dialogs(), texts.get("schedule.edit", vm.get()), this::set);
  }

  private void set(SnapshotSchedule wanted) {
    String name = vm.get();
    desk.jobs()
        .run(
            texts.get("job.schedule", name),
            ScheduleForm.command(name, wanted),
            progress -> desk.vivarium().setSchedule(name, wanted),
            this::refresh);
  }
}
