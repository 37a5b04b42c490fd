package io.vivarium.desktop.timeline;

import io.vivarium.client.Sizes;
import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VivariumException;
import io.vivarium.desktop.ui.Dialogs;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.function.Consumer;
import javafx.beans.binding.Bindings;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import org.jspecify.annotations.Nullable;

/** All of a schedule in numbers: pace, what is kept how long, and the quota. */
final class ScheduleForm {
  private final Texts texts;
  private final TextField every = field("schedule-every");
  private final TextField all = field("schedule-all");
  private final TextField hourly = field("schedule-hourly");
  private final TextField daily = field("schedule-daily");
  private final TextField quota = field("schedule-quota");

  ScheduleForm(Texts texts, SnapshotSchedule now) {
    this.texts = texts;
    every.setText(Integer.toString(now.everyMinutes()));
    all.setText(Integer.toString(now.allForMinutes()));
    hourly.setText(Integer.toString(now.hourlyForHours()));
    daily.setText(Integer.toString(now.dailyForDays()));
    quota.setText(now.quotaBytes() == 0 ? "" : Sizes.typed(now.quotaBytes()));
    quota.setPromptText(texts.get("schedule.quota.none"));
  }

  private static TextField field(String id) {
    TextField field = Nodes.id(new TextField(), id);
    field.setPrefColumnCount(7);
    return field;
  }

  void open(Dialogs dialogs, String title, Consumer<SnapshotSchedule> then) {
    every.selectAll();
    dialogs.form(
        title,
        Nodes.column(
            "fields",
            line("schedule.every", every),
            line("schedule.all", all),
            line("schedule.hourly", hourly),
            line("schedule.daily", daily),
            line("schedule.quota", quota),
            Nodes.paragraph(texts.get("schedule.text"), "muted", "small-text")),
        every,
        Bindings.createStringBinding(
            this::problem,
            every.textProperty(),
            all.textProperty(),
            hourly.textProperty(),
            daily.textProperty(),
            quota.textProperty()),
        texts.get("schedule.yes"),
        () -> {
          SnapshotSchedule wanted = read();
          if (wanted != null) {
            then.accept(wanted);
          }
        });
  }

  private Node line(String key, TextField field) {
    Label caption = Nodes.label(texts.get(key), "field-caption");
    caption.setLabelFor(field);
    return Nodes.row("", caption, Nodes.spacer(), field);
  }

  private String problem() {
    SnapshotSchedule wanted = read();
    if (wanted == null) {
      return texts.get("schedule.numbers");
    }
    String wrong = wanted.wrong();
    return wrong == null ? "" : wrong;
  }

  private @Nullable SnapshotSchedule read() {
    try {
      return new SnapshotSchedule(
          number(every),
          number(all),
          number(hourly),
          number(daily),
          quota.getText().isBlank() ? 0 : Sizes.parse(quota.getText()));
    } catch (NumberFormatException | VivariumException e) {
      return null;
    }
  }

  private static int number(TextField field) {
    return Integer.parseInt(field.getText().strip());
  }

  /** The {@code viv} line that sets the same. */
  static String command(String vm, SnapshotSchedule wanted) {
    return "viv timeline "
        + vm
        + " --every "
        + (wanted.everyMinutes() == 0 ? "off" : wanted.everyMinutes() + "m")
        + " --keep-all "
        + wanted.allForMinutes()
        + "m --hourly "
        + wanted.hourlyForHours()
        + " --daily "
        + wanted.dailyForDays()
        + " --quota "
        + (wanted.quotaBytes() == 0 ? "off" : Sizes.typed(wanted.quotaBytes()));
  }
}
