-- Calendar of local days from the first day that any figure is attributed to, to the as-of day, without gaps.
SELECT
    day AS "OperationalDate",
    CAST(year(day) AS INTEGER) AS "Year",
    CAST(quarter(day) AS INTEGER) AS "Quarter",
    CAST(month(day) AS INTEGER) AS "Month",
    monthname(day) AS "MonthName",
    CAST(date_trunc('month', day) AS DATE) AS "MonthStart",
    CAST(isoyear(day) AS INTEGER) AS "IsoYear",
    CAST(week(day) AS INTEGER) AS "IsoWeek",
    CAST(date_trunc('week', day) AS DATE) AS "WeekStart",
    CAST(isodow(day) AS INTEGER) AS "Weekday",
    dayname(day) AS "WeekdayName",
    isodow(day) >= 6 AS "IsWeekend",
    CAST(between_ms(day_start(day), day_start(day + 1)) // 3600000 AS INTEGER) AS "HoursInDay",
    CAST(param.as_of_day - day AS INTEGER) AS "DaysBeforeAsOf",
    param.as_of_day - day < m.provisional_days AS "IsProvisional",
    m.provisional_days AS "ProvisionalDays",
    m.is_learned AS "IsProvisionalLearned"
FROM fact.calendar, param, fact.maturity m
